// Numbers as reports show them.

function number(value, digits = 3) {
  if (value == null || Number.isNaN(value)) return "–";
  const rounded = Number(value.toPrecision(digits));
  if (Math.abs(rounded) >= 1000 || Number.isInteger(value)) return rounded.toLocaleString("en-US", { maximumFractionDigits: 0 });
  return value.toPrecision(digits);
}

const factor = (value) => (value >= 0.0995 && value < 9.995 ? value.toFixed(2) : number(value));

const withInterval = ({ middle, low, high }, show) =>
  low === null || low === high ? show(middle) : `${show(middle)} (${show(low)}–${show(high)})`;

const plural = (count, thing) => `${count} ${thing}${count === 1 ? "" : "s"}`;
