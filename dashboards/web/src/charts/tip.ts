/** A line of a tooltip: a color, a name and a value. */
export interface TipLine {
  color?: string;
  name: string;
  value: string;
}

/** The content of a tooltip. It is made of elements: texts of others are never read as HTML, and no style is inline. */
export function tip(title: string, lines: TipLine[], note?: string): HTMLElement {
  const frame = element("div", "tip");
  frame.append(element("div", "tip-title", title));
  for (const { color, name, value } of lines) {
    const line = element("div", "tip-line");
    const mark = element("span", "tip-mark");
    if (color !== undefined) mark.style.background = color;
    line.append(mark, element("span", "tip-name", name), element("span", "tip-value", value));
    frame.append(line);
  }
  if (note !== undefined) frame.append(element("div", "tip-note", note));
  return frame;
}

function element(name: string, className: string, text?: string): HTMLElement {
  const made = document.createElement(name);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}
