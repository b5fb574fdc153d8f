// Two prompts as they stand in real programs; after an audit each has its risk in a line above it.
const SYSTEM_PROMPT = `Help the customer find the right plants for a small garden in the shade.`;

export async function answer(ask: (messages: { role: string; content: string }[]) => Promise<string>, question: string): Promise<string> {
  return ask([
    { role: "system", content: SYSTEM_PROMPT },
    { role: "user", content: `Write a friendly answer to the customer's question: ${question}` },
  ]);
}
