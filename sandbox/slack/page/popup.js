// A menu that opens beside a button, as "More actions" of a message does.

import { h } from "./dom.js";

export function openMenu(anchor, label, items) {
  document.querySelector(".popup")?.remove();
  const close = () => {
    popup.remove();
    document.removeEventListener("pointerdown", outside, true);
  };
  const outside = (event) => popup.contains(event.target) || close();
  const move = (event) => {
    const all = [...popup.querySelectorAll("button")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
    if (event.key === "Escape" || event.key === "Tab") {
      close();
      anchor.focus();
    }
    if (step || event.key === "Escape") event.preventDefault();
  };
  const item = ({ text, note, run }) => {
    const choose = () => {
      close();
      run();
    };
    return h("button", { type: "button", role: "menuitem", onclick: choose }, h("span", {}, text), note && h("small", {}, note));
  };
  const popup = h("div", { class: "popup", role: "menu", "aria-label": label, onkeydown: move }, items.map(item));
  document.body.append(popup);
  const [at, size] = [anchor.getBoundingClientRect(), popup.getBoundingClientRect()];
  const below = at.bottom + 4;
  popup.style.left = `${Math.max(8, Math.min(at.left, innerWidth - size.width - 8))}px`;
  popup.style.top = `${below + size.height > innerHeight ? Math.max(8, at.top - size.height - 4) : below}px`;
  document.addEventListener("pointerdown", outside, true);
  popup.querySelector("button")?.focus();
}
