/** How often it is looked whether the map is drawn, every 100 ms: a panel that was just opened has nothing yet. */
const TRIES = 100;

/** Scrolls the map with the prompts in code into sight, as soon as it is drawn. */
export function revealMap(tries = TRIES): void {
  const key = document.querySelector<HTMLElement>(".prompt-key:not([hidden])");
  if (key?.checkVisibility()) (key.closest<HTMLElement>("section") ?? key).scrollIntoView({ block: "start" });
  else if (tries > 0) setTimeout(() => revealMap(tries - 1), 100);
}
