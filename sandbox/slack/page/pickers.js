// Menus and pickers: of options, people, conversations, dates and times.

import { h } from "./dom.js";
import { state } from "./state.js";
import { names } from "./text.js";

export function picker(e, place) {
  if (e.type === "static_select") return optionMenu(e, place);
  if (e.type === "multi_users_select") return manyPeople(e, place);
  if (e.type === "users_select") return menu(e, place, people().map((user) => [user.id, user.real_name]));
  if (e.type === "conversations_select") return menu(e, withDefault(e, place), conversations(e.filter || {}));
  const clock = e.type === "timepicker";
  const change = async (event) => (await place.choose(event.target.value || null, event.target.value)) || (event.target.value = place.value || "");
  return h("input", { type: clock ? "time" : "date", class: "field dated", ...about(e, place), value: place.value, onchange: change });
}

const about = (e, place) => ({ "data-action-id": e.action_id, "aria-label": place.label, autofocus: e.focus_on_load });

function select(e, place, now, choices, chosen) {
  const change = async () => {
    if (!(await place.choose(chosen(box.value), box.value))) box.value = now || "";
  };
  const hint = h("option", { value: "", disabled: true, selected: !now }, e.placeholder?.text || "Choose an option");
  const box = h("select", { class: "field menu", ...about(e, place), onchange: change }, hint, choices);
  box.value = now || "";
  return box;
}

const choice = (value, text) => h("option", { value }, text);

function menu(e, place, choices) {
  return select(e, place, place.value, choices.map(([value, text]) => choice(value, text)), (value) => value);
}

function optionMenu(e, place) {
  const groups = e.option_groups || [{ options: e.options }];
  const all = groups.flatMap((group) => group.options);
  const listed = groups.map((group) => {
    const own = group.options.map((option) => choice(option.value, option.text.text));
    return group.label ? h("optgroup", { label: group.label.text }, own) : own;
  });
  return select(e, place, place.value?.value, listed, (value) => all.find((option) => option.value === value));
}

const people = () => [...names.users.values()].filter((user) => !(user.is_bot || user.deleted));

function conversations({ include, exclude_external_shared_channels: noShared }) {
  const kind = (channel) => (channel.is_im ? "im" : channel.is_private ? "private" : "public");
  return [...state.channels.values()]
    .filter((channel) => (!include || include.includes(kind(channel))) && !(noShared && channel.is_ext_shared))
    .map((channel) => [channel.id, channel.is_im ? names.users.get(state.bot).real_name : `${channel.is_private ? "🔒 " : "# "}${channel.name}`]);
}

function withDefault(e, place) {
  if (place.value || !e.default_to_current_conversation || !place.channel) return place;
  place.keep(place.channel);
  return { ...place, value: place.channel };
}

function manyPeople(e, place) {
  const chosen = new Set(place.value || []);
  const change = async (event) => {
    const { value, checked } = event.target;
    const wanted = checked ? [...chosen, value] : [...chosen].filter((id) => id !== value);
    const fits = !e.max_selected_items || wanted.length <= e.max_selected_items;
    if (!fits || !(await place.choose(wanted, wanted.join(",")))) return void (event.target.checked = !checked);
    checked ? chosen.add(value) : chosen.delete(value);
  };
  const row = (user) => h("label", {}, h("input", { type: "checkbox", value: user.id, checked: chosen.has(user.id), onchange: change }), user.real_name);
  return h("div", { class: "field options many", role: "group", "aria-label": place.label, "data-action-id": e.action_id }, people().map(row));
}
