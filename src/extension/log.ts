/** What parts of the extension write to; `LogOutputChannel` fits. Never given row text, labels' values or prompts. */
export interface Log {
  debug(text: string): void;
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}
