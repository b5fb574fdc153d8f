import type { PromptRole } from "../../protocol/index.js";
import type { Call } from "./code.js";

/** Which argument of a call is a prompt, and in which role. */
export interface Field {
  /** Keyword or key; a number: the argument's place. */
  readonly at: string | number;
  readonly role: PromptRole;
}

export interface CallShape {
  readonly shape: string;
  /** Matched against the callee's path, `a.b.c`. */
  readonly path: RegExp;
  readonly fields: readonly Field[];
  readonly when?: (call: Call) => boolean;
}

const f = (role: PromptRole, ...at: (string | number)[]): Field[] => at.map((a) => ({ at: a, role }));
const has =
  (...keys: string[]) =>
  (call: Call): boolean =>
    keys.some((key) => call.named.some((e) => e.key === key));
const all =
  (...keys: string[]) =>
  (call: Call): boolean =>
    keys.every((key) => call.named.some((e) => e.key === key));
const both =
  (a: (call: Call) => boolean, b: (call: Call) => boolean) =>
  (call: Call): boolean =>
    a(call) && b(call);

/** Calls whose shape names a prompt field (certain). */
export const CALL_SHAPES: readonly CallShape[] = [
  // OpenAI
  {
    shape: "openai-messages",
    path: /(^|\.)chat\.completions\.(with_\w+\.)?(create|parse|stream|runTools|run_tools|create_with_completion|create_partial|create_iterable)$/,
    fields: f("user", "messages"),
  },
  { shape: "openai-responses", path: /(^|\.)responses\.(with_\w+\.)?(create|parse|stream)$/, fields: [...f("system", "instructions"), ...f("user", "input")] },
  { shape: "openai-messages", path: /(^|\.)(ChatCompletion|ChatCompletions)\.a?create$|(^|\.)createChatCompletion$/, fields: f("user", "messages") },
  { shape: "openai-completion", path: /(^|\.)(Completion\.a?create|completions\.create|createCompletion)$/, fields: f("user", "prompt") },
  { shape: "openai-assistant", path: /(^|\.)assistants\.(create|update)$/, fields: f("system", "instructions") },
  {
    shape: "openai-assistant",
    path: /(^|\.)runs\.(create|stream|create_and_poll|createAndPoll|create_and_stream)$/,
    fields: f("system", "instructions", "additional_instructions"),
  },
  { shape: "openai-assistant", path: /(^|\.)threads\.messages\.create$/, fields: f("user", "content") },
  { shape: "openai-images", path: /(^|\.)images\.(generate|edit)$/, fields: f("user", "prompt") },
  // Agents
  {
    shape: "agent-instructions",
    path: /(^|\.)\w*(Agent|Assistant|AgentConfig|ToolLoopAgent|ChatAgent)(\.\w+)?$/,
    fields: [
      ...f("system", "instructions", "system_prompt", "systemPrompt", "system_message", "systemMessage", "additional_instructions"),
      ...f("user", "handoff_description", "handoffDescription"),
    ],
  },
  {
    shape: "crewai-agent",
    path: /(^|\.)Agent$/,
    fields: f("system", "role", "goal", "backstory", "background"),
    when: (call) => ["role", "goal", "backstory", "background"].filter((key) => has(key)(call)).length >= 2,
  },
  { shape: "crewai-task", path: /(^|\.)Task$/, fields: f("user", "description", "expected_output"), when: all("description", "expected_output") },
  {
    shape: "agent-instructions",
    path: /(^|\.)(create_react_agent|create_agent|createReactAgent|createAgent|create_openai_functions_agent)$/,
    fields: f("system", "prompt", "system_prompt", "systemPrompt", "state_modifier", "stateModifier", "messageModifier"),
  },
  { shape: "autogen-chat", path: /(^|\.)(a_)?initiate_chat$/, fields: f("user", "message") },
  // Anthropic
  {
    shape: "anthropic-messages",
    path: /(^|\.)messages\.(with_\w+\.)?(create|stream|parse|count_tokens|countTokens|create_with_completion)$/,
    fields: [...f("system", "system"), ...f("user", "messages")],
    when: has("system", "messages"),
  },
  // Google
  { shape: "google-contents", path: /(^|\.)(generate_content|generateContent)(_stream|Stream|_async|_stream_async)?$/, fields: f("user", "contents", 0) },
  { shape: "google-contents", path: /(^|\.)(start_chat|startChat|chats\.create)$/, fields: f("user", "history") },
  {
    shape: "google-system",
    path: /(^|\.)(GenerativeModel|getGenerativeModel|GenerateContentConfig|generateContentConfig)$/,
    fields: f("system", "system_instruction", "systemInstruction"),
  },
  // Bedrock, Mistral, Cohere, LiteLLM, Ollama
  {
    shape: "bedrock-converse",
    path: /(^|\.)(converse|converse_stream|ConverseCommand|ConverseStreamCommand)$/,
    fields: [...f("system", "system"), ...f("user", "messages")],
  },
  {
    shape: "chat-call",
    path: /(^|\.)chat(\.(complete|stream|parse))?(_async|_stream|Stream)?$/,
    fields: [...f("user", "messages", "message", "prompt", "chat_history", "chatHistory"), ...f("system", "preamble", "system")],
    when: has("messages", "preamble", "chat_history", "chatHistory", "model"),
  },
  { shape: "litellm-completion", path: /(^|\.)(a?completion(_with_retries)?|batch_completion)$/, fields: f("user", "messages"), when: has("messages") },
  {
    shape: "ollama-generate",
    path: /(^|\.)(a?generate|a?create)$/,
    fields: [...f("system", "system"), ...f("user", "prompt")],
    when: both(has("model"), has("prompt", "system")),
  },
  // Vercel AI SDK
  {
    shape: "vercel-ai",
    path: /(^|\.)(generateText|streamText|generateObject|streamObject|streamUI|generateImage|experimental_\w+)$/,
    fields: [...f("system", "system", "instructions"), ...f("user", "prompt", "messages")],
  },
  {
    shape: "genkit",
    path: /(^|\.)ai\.(generate|generateStream|definePrompt)$/,
    fields: [...f("system", "system"), ...f("user", "prompt", "messages", 0)],
  },
  { shape: "vercel-ai", path: /(^|\.)(useChat|useAssistant|useCompletion)$/, fields: f("user", "initialMessages") },
  // LangChain, LlamaIndex, Haystack
  {
    shape: "langchain-template",
    path: /(^|\.)(SystemMessagePromptTemplate|SystemMessagePromptTemplate\.(from_template|fromTemplate))$/,
    fields: f("system", 0, "template", "prompt"),
  },
  { shape: "langchain-template", path: /(^|\.)AIMessagePromptTemplate\.(from_template|fromTemplate)$/, fields: f("assistant", 0, "template") },
  {
    shape: "langchain-template",
    path: /(^|\.)(from_template|fromTemplate)$/,
    fields: f("user", 0, "template"),
    when: (call) => /Prompt|Template|Message/.test(call.path),
  },
  { shape: "langchain-messages", path: /(^|\.)(from_messages|fromMessages)$/, fields: f("user", 0, "messages") },
  { shape: "langchain-messages", path: /(^|\.)(ChatPromptTemplate|ChatPromptBuilder)$/, fields: f("user", 0, "messages", "template", "message_templates") },
  {
    shape: "langchain-template",
    path: /(^|\.)(PromptTemplate|RichPromptTemplate|FewShotPromptTemplate|PipelinePromptTemplate|StringPromptTemplate|PromptBuilder|PromptTemplateConfig|HumanMessagePromptTemplate)$/,
    fields: f("user", 0, "template", "prefix", "suffix"),
  },
  { shape: "langchain-message", path: /(^|\.)(SystemMessage|SystemMessageChunk|DeveloperMessage|SystemChatMessage)$/, fields: f("system", 0, "content") },
  { shape: "langchain-message", path: /(^|\.)(HumanMessage|UserMessage|HumanChatMessage)$/, fields: f("user", 0, "content") },
  { shape: "langchain-message", path: /(^|\.)(AIMessage|AssistantMessage|AIChatMessage)$/, fields: f("assistant", 0, "content") },
  { shape: "chat-message", path: /(^|\.)ChatMessage\.(from_system|fromSystem)$/, fields: f("system", 0, "text", "content") },
  { shape: "chat-message", path: /(^|\.)ChatMessage\.(from_user|fromUser)$/, fields: f("user", 0, "text", "content") },
  { shape: "chat-message", path: /(^|\.)ChatMessage\.(from_assistant|fromAssistant)$/, fields: f("assistant", 0, "text", "content") },
  {
    shape: "llamaindex-system",
    path: /(^|\.)(as_chat_engine|from_defaults|from_tools|as_query_engine)$/,
    fields: [...f("system", "system_prompt", "context_prompt"), ...f("user", "text_qa_template", "refine_template")],
  },
  // Semantic Kernel, MCP, DSPy, Guidance
  {
    shape: "semantic-kernel",
    path: /(^|\.)(create_function_from_prompt|createFunctionFromPrompt|create_semantic_function|KernelFunctionFromPrompt|KernelFunction\.from_prompt|from_prompt|invoke_prompt|invokePrompt|invoke_prompt_stream)$/,
    fields: f("user", "prompt", "prompt_template", 0),
  },
  { shape: "semantic-kernel", path: /(^|\.)add_function$/, fields: f("user", "prompt"), when: has("prompt") },
  { shape: "chat-history", path: /(^|\.)(add_system_message|addSystemMessage|add_developer_message)$/, fields: f("system", 0, "content") },
  { shape: "chat-history", path: /(^|\.)(add_user_message|addUserMessage)$/, fields: f("user", 0, "content") },
  { shape: "chat-history", path: /(^|\.)(add_assistant_message|addAssistantMessage|add_ai_message)$/, fields: f("assistant", 0, "content") },
  { shape: "chat-history", path: /(^|\.)ChatHistory$/, fields: f("system", "system_message") },
  {
    shape: "dspy-signature",
    path: /(^|\.)(with_instructions)$|^(dspy\.)?(Signature|make_signature)$/,
    fields: f("system", "instructions", 1),
    when: (call) => !/with_instructions/.test(call.path),
  },
  { shape: "dspy-signature", path: /(^|\.)with_instructions$/, fields: f("system", 0, "instructions") },
  { shape: "guidance", path: /^guidance$/, fields: f("user", 0) },
  // Hugging Face, VS Code
  { shape: "hf-chat-template", path: /(^|\.)apply_chat_template$/, fields: f("user", 0, "conversation") },
  { shape: "vscode-message", path: /(^|\.)LanguageModelChatMessage2?\.(User|fromUser)$/, fields: f("user", 0) },
  { shape: "vscode-message", path: /(^|\.)LanguageModelChatMessage2?\.(Assistant|fromAssistant)$/, fields: f("assistant", 0) },
  { shape: "vscode-message", path: /(^|\.)LanguageModelChatMessage2?\.(System|fromSystem)$/, fields: f("system", 0) },
  { shape: "vscode-message", path: /(^|\.)LanguageModelChatMessage$/, fields: f("user", 1) },
];

/** Keywords that name a prompt whatever is called. */
export const CERTAIN_KEYS: Readonly<Record<string, { readonly shape: string; readonly role: PromptRole }>> = {
  system_instruction: { shape: "google-system", role: "system" },
  systemInstruction: { shape: "google-system", role: "system" },
};

/** Descriptions that a model reads to choose a tool. */
export const TOOL_SHAPES: readonly CallShape[] = [
  {
    shape: "tool-description",
    path: /(^|\.)(tool|Tool|DynamicTool|DynamicStructuredTool|StructuredTool|FunctionTool|BaseTool|from_function|from_defaults|registerTool|registerPrompt|defineTool|createTool|function_tool|kernel_function|FunctionDeclaration)$/,
    fields: f("other", "description"),
    when: has("description"),
  },
  { shape: "tool-description", path: /(^|\.)(server|mcp|mcpServer)\.(tool|prompt)$/, fields: f("other", 1), when: (call) => call.positional.length >= 3 },
];
