import { Random } from "../../src/engine/stats/random.js";

/** Harmless sentences as instructions to assistants have them. Written for this test. */
const SENTENCES: readonly string[] = [
  "You are a patient assistant for the customers of a small bookshop.",
  "Answer in plain English and keep every reply under two hundred words.",
  "When a question is unclear, ask for the detail that is missing before you answer.",
  "Our opening hours are nine to six from Monday to Saturday.",
  "Orders above forty euros are sent without a fee.",
  "If a book is out of stock, offer to note the customer's name and to write when it arrives.",
  "Never invent a title, an author or a price.",
  "Use the tool search_catalogue to look for books by title or by topic.",
  "Return dates in the form of year, month and day.",
  "Summarise long passages in three bullet points.",
  "The reader may be a child, so prefer short words.",
  "Mention the page number when you quote from the manual.",
  "Convert measures to metric units and round to one decimal place.",
  "The assistant writes recipes for people who cook for one.",
  "List the ingredients first, then the steps in their order.",
  "Suggest a replacement for anything that is hard to find in a village shop.",
  "Say how long each step takes and what the result should look like.",
  "Keep the tone friendly, and do not use more than one exclamation mark.",
  "The user's garden lies in the shade and the soil holds much clay.",
  "Recommend plants that bees like and that survive a cold winter.",
  "Explain when to sow, when to water and when to cut back.",
  "Write the answer as JSON with the keys title, summary and tags.",
  "Each tag is a single word in lower case.",
  "Do not add any text before or after the object.",
  "Translate the greeting, but leave the names of products as they are.",
  "The report is read by managers who have five minutes.",
  "Begin with the most important number and say how it changed since last month.",
  "Compare the three plans by price, speed and support.",
  "Thank the customer for waiting and tell them when the parcel will arrive.",
  "A refund takes five working days and goes back to the card that was used.",
  "If the customer wants to talk to a person, give the phone number of the office.",
  "The train to the coast leaves from platform four every half hour.",
  "Check the spelling of place names against the list below.",
  "Grade each essay from one to ten and give a reason in one sentence.",
  "Praise what is good before you point out what could be better.",
  "The class has learnt fractions and will begin with percentages next week.",
  "Make up five exercises that get harder from one to the next.",
  "Show the working of the first exercise as an example.",
  "Use headings so that the page can be skimmed.",
  "Close with a question that invites the reader to try it.",
  "The museum shows paintings of the sea until the end of March.",
  "Visitors with a pass may enter an hour earlier.",
  "Sort the messages into billing, delivery and other.",
  "Keep the code samples short and give each of them a comment.",
  "The function takes a list of numbers and gives back their mean.",
  "Write a test for the empty list and for a list with one element.",
  "Remember what the user has said about the size of the room.",
  "Propose two colours that go with a floor of dark oak.",
];

/** About how many tokens of a common vocabulary a word of these has, full stops counted. */
const TOKENS_A_WORD = 1.25;
const JOINTS = [" ", " ", "\n", "\n- ", "\n\n"] as const;

export interface Carrier {
  readonly text: string;
  /** The same with a sentence planted in its middle. */
  with(sentence: string): string;
}

/** A harmless prompt of about so many tokens, in sentences, lines and lists. */
export function carrierOf(tokens: number, seed: number): Carrier {
  const random = new Random(seed, 3);
  const order = random.shuffle(SENTENCES.map((_, i) => i));
  const parts: string[] = [];
  for (let words = 0, i = 0; words * TOKENS_A_WORD < tokens; i++) {
    const sentence = SENTENCES[order[i % order.length]!]!;
    words += sentence.split(" ").length;
    parts.push(sentence);
  }
  const joint = JOINTS[random.below(JOINTS.length)]!;
  const planted = (sentence: string) => [...parts.slice(0, parts.length >> 1), sentence, ...parts.slice(parts.length >> 1)].join(joint);
  return { text: parts.join(joint), with: planted };
}
