type Child = Node | string | null | undefined | false;
interface Options {
  readonly class?: string;
  readonly text?: string;
  readonly title?: string;
  readonly attrs?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly on?: Readonly<Record<string, (event: Event) => void>>;
}

/** An element; every text goes in as text, never as markup, so a row's `<img onerror>` is only letters. */
export function el<K extends keyof HTMLElementTagNameMap>(tag: K, options?: Options, ...children: Child[]): HTMLElementTagNameMap[K];
export function el(tag: string, options?: Options, ...children: Child[]): HTMLElement;
export function el(tag: string, options: Options = {}, ...children: Child[]): HTMLElement {
  const element = document.createElement(tag);
  if (options.class) element.className = options.class;
  if (options.text !== undefined) element.textContent = options.text;
  if (options.title) element.title = options.title;
  for (const [name, value] of Object.entries(options.attrs ?? {})) setAttr(element, name, value);
  for (const [name, listener] of Object.entries(options.on ?? {})) element.addEventListener(name, listener);
  for (const child of children) if (child) element.append(child);
  return element;
}

/** Sets, or with `false`/undefined removes, an attribute; touches the DOM only when it changes. */
export function setAttr(element: Element, name: string, value: string | number | boolean | undefined): void {
  if (value === undefined || value === false) element.removeAttribute(name);
  else {
    const text = value === true ? "" : String(value);
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}

/** Sets text only when it changes, so that screen readers and selections are left alone. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
