// The numbers along an axis, and how they and the categories are written.

const TICKS = 5;
const CHARACTER = 6.2;

// Round numbers from below the least value to above the greatest; `fromZero` begins at nought.
export function scale(values, fromZero) {
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (fromZero || (low > 0 && low < high * 0.6)) [low, high] = [Math.min(low, 0), Math.max(high, 0)];
  if (low === high) [low, high] = low === 0 ? [0, 1] : [Math.min(low, 0), Math.max(high, 0)];
  const rough = (high - low) / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].find((times) => times * power >= rough) * power;
  const [first, last] = [Math.floor(low / step), Math.ceil(high / step)];
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

export function number(value) {
  if (Math.abs(value) >= 100_000) return value.toLocaleString("en-US", { notation: "compact", maximumFractionDigits: 2 });
  return value.toLocaleString("en-US", { maximumFractionDigits: Math.abs(value) < 1 ? 4 : 2 });
}

export const share = (part) => part.toLocaleString("en-US", { style: "percent", maximumFractionDigits: 1 });

// The categories as they fit: level, else slanted and cut, with every other one left out if need be.
export function labels(categories, band) {
  const longest = Math.max(...categories.map((category) => category.length));
  if (longest * CHARACTER <= band - 6) return { shown: categories, slanted: false, height: 28 };
  const cut = categories.map((category) => (category.length > 14 ? `${category.slice(0, 13)}…` : category));
  const every = Math.ceil(14 / band);
  const shown = cut.map((text, index) => (index % every ? null : text));
  return { shown, slanted: true, height: 24 + Math.min(longest, 14) * CHARACTER * 0.64 };
}
