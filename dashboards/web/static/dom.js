// Builds the page's elements. Every text goes in as a text node and every link is checked, because commit
// subjects, names and addresses come from outside and may hold anything.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element: attributes (a function is an event listener), then children (strings become text nodes). */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function s(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A sentence whose parts between backticks are code. */
export function sentence(text) {
  return text.split("`").map((part, index) => (index % 2 === 1 ? h("code", {}, part) : part));
}

/** The element with this id, which index.html promises. */
export function at(id) {
  return document.getElementById(id);
}

/** A link where the address is one of the web, otherwise only its text. */
export function link(address, ...children) {
  return isWeb(address) ? h("a", { href: address, rel: "noopener noreferrer" }, ...children) : h("span", {}, ...children);
}

function isWeb(address) {
  try {
    return ["http:", "https:"].includes(new URL(address).protocol);
  } catch {
    return false;
  }
}
