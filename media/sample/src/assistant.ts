// Two prompts as they stand in real programs. Prompts in code are what Layerscope will score as they are written.
const SYSTEM_PROMPT = `You are a patient assistant of a garden centre.
Answer questions about plants, soil and tools in at most five sentences.`;

export async function answer(ask: (messages: { role: string; content: string }[]) => Promise<string>, question: string): Promise<string> {
  return ask([
    { role: "system", content: SYSTEM_PROMPT },
    { role: "user", content: `A customer asks: ${question}` },
  ]);
}
