/** Names of constants, keys and arguments that say "prompt" (peers' shape 12), and what else they may have meant. */
const TELLING = /(prompt|instruction|template|persona|preamble)s?$/i;
const ALSO =
  /^(system|sys)(_?(message|msg|content|text|context|role))?$|(system|developer)_?(message|msg)s?$|(llm|ai|gpt|agent|bot)_?(context|rules|guidelines)$|^_?(main|base|core|chat|agent|llm|coder|judge|default)_?system$|^system_?(reminder|suffix|prefix|rules|guidelines|addendum)$|^backstory$|few_?shots?(_?examples)?$/i;
/** JUDGE_SYSTEM, LEARNING_SYSTEM; not FILE_SYSTEM. */
const CONSTANT_SYSTEM = /^(?!.*(FILE|OPERATING|COORD|DESIGN|NUMBER|UNIT|BUILD|SOLAR|METRIC)_?SYSTEM$)[A-Z][A-Z0-9_]*_SYSTEM$/;
/** A number, a language or a kind after the name itself: SYSTEM_PROMPT_V2, promptText, PROMPT_EN. */
const TAIL =
  /[_-]?(v?\d+(_\d+)*|text|txt|str|string|base|default|final|short|long|content|body|parts?|header|prefix|suffix|intro|appendix|sections?|lines|chunks|blocks|pieces|en|de|fr|es|zh|ja|ko|pt|ru)$/i;
const OTHERWISE =
  /e?mail|html|sql|url|uri|path|file|page|css|commit|log|date|error|sms|notif|invoice|letter|subject|route|quer(y|ies)|xml|svg|docker|k8s|kube|shell|bash|install|setup|usage|build|help|readme|ship|deliver|payment|recipe|wash|driv|title|slug|jsx|component|layout|view|pdf|greet|yes_?no|confirm|password|input_?prompt|login|cli|placeholder|aria|label|button|toast|dialog|modal|release|issue|changelog|cloud_?formation|terraform|config|schema|report_?template|cookie|header_?template|row|cell|mustache|nginx|makefile|webhook|slack|warning|banner|copyright|license|ps1|width|height|timeout|length|size|count|id$|token/i;

/** What a name says about the text it holds. `plain`: ends in "template(s)" or "instruction(s)", which more things than prompts do. */
export function nameSays(name: string): "prompt" | "plain" | null {
  const stripped = name.replace(/^[_$#]+/, "");
  const bare = stripped.replace(TAIL, "");
  const core = [stripped, bare, bare.replace(TAIL, "")].find(
    (candidate) => candidate !== "" && (TELLING.test(candidate) || ALSO.test(candidate) || CONSTANT_SYSTEM.test(candidate)),
  );
  if (core === undefined) return null;
  const head = core.replace(/(prompt|instruction|template|persona|preamble)s?(_?template)?s?$/i, "");
  if (OTHERWISE.test(head)) return null;
  if (/prompt/i.test(core)) return "prompt";
  if (/^sys(tem)?$|_system$/i.test(core)) return "plain";
  return /(template|instruction)s?$/i.test(core) && !/system|llm|agent|chat|prompt|gpt|assistant|ai_|custom|model/i.test(core) ? "plain" : "prompt";
}

/** Functions that write a prompt: buildPrompt, get_system_prompt; `plain`: buildAgentInstructions, makeSystem. */
export function functionSays(name: string): "prompt" | "plain" | null {
  if (writesPrompt(name)) return "prompt";
  return /^_*(?:build|get|make|create|render|format|generate|compose|default)_?(?:.*_?instructions?|.*_?persona|.*_?system(?:_?(?:message|msg|text|content))?)$/i.test(
    name,
  ) && !OTHERWISE.test(name)
    ? "plain"
    : null;
}

function writesPrompt(name: string): boolean {
  const told =
    /^(?:build|get|make|create|render|format|generate|compose|write|default|to|as|_)*_?(.*?)prompts?(?:_?(?:template|text|appendix|suffix|prefix|section|intro|header|footer|parts?|body|addendum|for_?\w+|with_?\w+|from_?\w+))?$/i.exec(
      name,
    );
  return (
    told !== null &&
    !OTHERWISE.test(told[1]) &&
    !/^(handle|on[A-Z_]|show|open|close|use|ask|confirm|parse|validate|send|submit|log|test|save|load|delete|hide|dismiss|print)/.test(name)
  );
}

export const OPENING =
  /^\W*(?:#+[^\n]*\n+\W*)?(?:you are |you're |you will |you must |your (?:task|job|role|goal|purpose)|act as |as an? (?:ai|expert|assistant|helpful)|ignore (?:all |the |any )?(?:previous|prior|above)|imagine you|pretend |i want you to|given (?:the|a|an) |answer the |summari[sz]e |translate |write (?:a|an|the) |generate |extract |classify |analy[sz]e |please |respond |rewrite |explain |use the following |based on |the following is |from now on|never |always |do not |don't )/i;

/** First words of instructions; where a name says little, they say the rest. */
const IMPERATIVE =
  /^\W*(keep|write|use|make|be|avoid|return|include|ensure|provide|list|describe|review|create|respond|reply|follow|think|consider|ask|find|identify|convert|help|tell|give|focus|output|compare|evaluate|judge|rate|check|determine|decide|pick|select only|remember|speak|talk|act|assume|treat|prefer|stay|format|call|search|read|solve|refuse|when |if )\b/i;

/** Asked of people at a terminal or on a screen. */
const FOR_PEOPLE =
  /\[[yn]\/[yn]\]|\(y(es)?\/n(o)?\)|are you sure|press (any key|enter)|^(please )?(enter|type|choose|select|input|provide) (a|an|the|your|one)\b.{0,60}[:?>]\s*$|sign in to|log in to/i;
const MARKUP =
  /^\s*(<!doctype|<\?xml|<\/?(html|head|body|div|span|p|a|table|ul|ol|li|h[1-6]|button|input|form|section|img|script|style|svg|nav|main|header|footer|template|ng-\w+|router-\w+|v-\w+|mat-\w+|br|td|tr|th)\b[^>]*>)/i;
const QUERY =
  /^\s*(select\s[\s\S]+\sfrom\s|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|create\s+(table|index|view|database|or replace)|alter\s+table|with\s+\w+\s+as\s*\(|merge\s+into|drop\s+table|match\s*\(|query\s*[({]|mutation\s*[({])/i;
const CODE =
  /^\s*(#!|import\s|from\s+\w+\s+import|const\s|let\s|var\s|function\s|def\s|class\s+\w+|package\s|using\s|public\s|FROM\s+\w+|apiVersion:|version:|\{\s*["}]|\[\s*[{"]|https?:\/\/|\/[\w./-]+$|[\w.-]+\.\w{2,4}$)/;
const MAIL =
  /^\s*(dear|hi|hello|hey)\b[^\n]{0,40}[,!]\s*(\n|your |we |thank|thanks|welcome)|\b(kind|best|warm) regards\b|unsubscribe|your (order|account|password|subscription|invoice|appointment|verification code)\b/i;

/** Whether a text reads as something a model is asked: words, and not markup, a query, code, a mail or a question at a terminal. */
export function readsAsPrompt(text: string, says: "prompt" | "plain" = "prompt"): boolean {
  const words = text.match(/\p{L}[\p{L}'’-]*/gu) ?? [];
  const script = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]/.test(text);
  if (words.length < 5 && !script) return false;
  if (MARKUP.test(text) || QUERY.test(text) || (text.length < 200 && FOR_PEOPLE.test(text))) return false;
  const opens = OPENING.test(text);
  if (!opens && (CODE.test(text) || MAIL.test(text))) return false;
  const letters = text.replace(/[^\p{L}\s]/gu, "").length;
  if (letters < text.length * 0.55) return false;
  return (
    says === "prompt" ||
    opens ||
    IMPERATIVE.test(text) ||
    /\b(you are|your (task|role|job)|respond|answer|the (user|question|following|context)|must|should|do not|output)\b/i.test(text)
  );
}
