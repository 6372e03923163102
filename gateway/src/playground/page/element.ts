type Listeners = { [Event in keyof HTMLElementEventMap as `on${Event}`]?: (event: HTMLElementEventMap[Event]) => void };
type Properties<Name extends keyof HTMLElementTagNameMap> = Partial<Omit<HTMLElementTagNameMap[Name], 'children' | keyof Listeners>> & Listeners;

/** A new element with properties and children; texts are never taken for HTML. */
export function element<Name extends keyof HTMLElementTagNameMap>(name: Name, properties: Properties<Name> = {}, children: (Node | string)[] = []): HTMLElementTagNameMap[Name] {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
