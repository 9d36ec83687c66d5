// What can be pressed, chosen or typed into.
//
// `at` is the message or the view that an element stands in: `at.values` holds what was chosen or
// typed there, by block and action, as Slack's own state does; `at.press(action_id, value)` tells.

import { confirmed } from "./confirm.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { picker } from "./pickers.js";
import { picture, plain, textObject } from "./text.js";

const TYPING_PAUSE_MS = 300;
const HELD = {
  checkboxes: ["selected_options", "initial_options"],
  conversations_select: ["selected_conversation", "initial_conversation"],
  datepicker: ["selected_date", "initial_date"],
  multi_users_select: ["selected_users", "initial_users"],
  radio_buttons: ["selected_option", "initial_option"],
  static_select: ["selected_option", "initial_option"],
  timepicker: ["selected_time", "initial_time"],
  users_select: ["selected_user", "initial_user"],
};
const WRITTEN = { plain_text_input: "text", number_input: "text", email_text_input: "email", url_text_input: "url" };

export function element(e, block, at) {
  if (e.type === "image") return picture(e);
  if (e.type === "button") return button(e, at);
  if (e.type === "icon_button") return iconButton(e, at);
  if (e.type === "feedback_buttons") return feedback(e, block, at);
  if (e.type in WRITTEN) return written(e, block, at);
  if (e.type === "radio_buttons" || e.type === "checkboxes") return options(e, block, at);
  return e.type in HELD ? picker(e, bound(e, block, at)) : e.type;
}

// One element's place in what was chosen, and what it does when that changes.
function bound(e, block, at) {
  const [held, initial] = HELD[e.type] || ["value", "initial_value"];
  const chosen = (at.values[block.block_id] ??= {});
  const tells = block.type !== "input" || block.dispatch_action;
  return {
    tells,
    label: block.label?.text || e.placeholder?.text || "Choose an option",
    channel: at.channel,
    value: chosen[e.action_id] ? chosen[e.action_id][held] : e[initial],
    keep: (value) => (chosen[e.action_id] = { [held]: value }),
    press: (value) => at.press(e.action_id, value),
    // False when the person took it back.
    async choose(value, told) {
      if (tells && e.confirm && !(await confirmed(e.confirm))) return false;
      chosen[e.action_id] = { [held]: value };
      if (tells && value) await at.press(e.action_id, told);
      return true;
    },
  };
}

async function pressing(event, e, at, value = e.value) {
  const pressed = event.currentTarget;
  if (e.confirm && !(await confirmed(e.confirm))) return;
  if (e.url && /^https?:/i.test(e.url)) window.open(e.url, "_blank", "noopener");
  pressed.classList.add("busy");
  await at.press(e.action_id, value);
  pressed.classList.remove("busy");
}

function button(e, at) {
  const about = { "data-action-id": e.action_id, "aria-label": e.accessibility_label };
  const press = (event) => pressing(event, e, at);
  return h("button", { type: "button", class: `button ${e.style || ""}`, ...about, onclick: press }, plain(e.text));
}

function iconButton(e, at) {
  const about = { title: e.text.text, "data-action-id": e.action_id, "aria-label": e.accessibility_label || e.text.text };
  return h("button", { type: "button", class: "thumb", ...about, onclick: (event) => pressing(event, e, at) }, icon(e.icon));
}

function feedback(e, block, at) {
  const place = bound(e, block, at);
  const thumb = (side, name) => {
    const press = async (event) => {
      place.keep(side.value);
      for (const other of event.currentTarget.parentNode.children) other.setAttribute("aria-pressed", String(other === event.currentTarget));
      await pressing(event, e, at, side.value);
    };
    const about = { title: side.text.text, "aria-label": side.accessibility_label || side.text.text, "aria-pressed": String(place.value === side.value) };
    return h("button", { type: "button", class: "thumb", "data-action-id": e.action_id, ...about, onclick: press }, icon(name));
  };
  return h("span", { class: "feedback" }, thumb(e.positive_button, "up"), thumb(e.negative_button, "down"));
}

function written(e, block, at) {
  const place = bound(e, block, at);
  const when = e.dispatch_action_config?.trigger_actions_on || ["on_enter_pressed"];
  let pause;
  const tell = () => place.press(box.value);
  const typed = () => {
    place.keep(box.value || null);
    clearTimeout(pause);
    if (place.tells && when.includes("on_character_entered")) pause = setTimeout(tell, TYPING_PAUSE_MS);
  };
  const keys = (event) => {
    if (event.key !== "Enter" || event.shiftKey || !place.tells || !when.includes("on_enter_pressed")) return;
    event.preventDefault();
    tell();
  };
  const about = { name: e.action_id, "data-action-id": e.action_id, "aria-label": place.label, placeholder: e.placeholder?.text, maxlength: e.max_length, autofocus: e.focus_on_load };
  const kind = e.multiline ? { rows: 6 } : { type: WRITTEN[e.type], inputmode: e.type === "number_input" ? "decimal" : null };
  const box = h(e.multiline ? "textarea" : "input", { class: "field", ...about, ...kind, oninput: typed, onkeydown: keys });
  box.value = place.value || "";
  return box;
}

function options(e, block, at) {
  const place = bound(e, block, at);
  const many = e.type === "checkboxes";
  const now = new Set([place.value || []].flat().map((option) => option.value));
  const change = async () => {
    const chosen = e.options.filter((_, index) => inputs[index].checked);
    const done = await place.choose(many ? chosen : chosen[0], chosen.map((option) => option.value).join(","));
    if (!done) inputs.forEach((input, index) => (input.checked = now.has(e.options[index].value)));
  };
  const group = `${block.block_id}/${e.action_id}`;
  const inputs = e.options.map((option) => h("input", { type: many ? "checkbox" : "radio", name: group, value: option.value, checked: now.has(option.value), onchange: change }));
  const rows = e.options.map((option, index) =>
    h("label", {}, inputs[index], h("span", {}, textObject(option.text), option.description ? h("small", {}, textObject(option.description)) : "")),
  );
  return h("div", { class: "options", role: many ? "group" : "radiogroup", "aria-label": place.label }, rows);
}

// What Slack itself finds wrong with what was typed, before the app is asked.
export function complaint(e, typed) {
  if (!typed) return "";
  if (e.type === "number_input") return wrongNumber(e, typed);
  if (e.type === "email_text_input" && !/^\S+@\S+\.\S+$/.test(typed)) return "Enter a valid e-mail address.";
  if (e.type === "url_text_input" && !/^https?:\/\/\S+$/.test(typed)) return "Enter a valid URL.";
  if (e.min_length && typed.length < e.min_length) return `Enter at least ${e.min_length} characters.`;
  return "";
}

function wrongNumber(e, typed) {
  if (!(e.is_decimal_allowed ? /^-?\d+(\.\d+)?$/ : /^-?\d+$/).test(typed)) return e.is_decimal_allowed ? "Enter a number." : "Enter a whole number.";
  if (e.min_value && Number(typed) < Number(e.min_value)) return `Enter a number that is at least ${e.min_value}.`;
  if (e.max_value && Number(typed) > Number(e.max_value)) return `Enter a number that is at most ${e.max_value}.`;
  return "";
}
