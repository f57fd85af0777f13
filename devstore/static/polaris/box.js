// Padding, borders, gaps and their responsive values: shared by everything that lays out.

const spaces = {
  none: "0", "small-500": "2px", "small-400": "4px", "small-300": "6px", "small-200": "8px", "small-100": "12px", small: "12px",
  base: "16px", large: "20px", "large-100": "20px", "large-200": "24px", "large-300": "32px", "large-400": "40px", "large-500": "48px",
};
const radii = {
  none: "0", "small-200": "2px", "small-100": "4px", small: "4px", base: "8px", large: "12px", "large-100": "12px", "large-200": "16px", max: "9999px",
};
const widths = { none: "0", "small-100": "0.5px", small: "1px", base: "1px", large: "2px", "large-100": "2px" };
const fills = { transparent: "transparent", base: "var(--surface)", subdued: "var(--surface-subdued)", strong: "var(--surface-strong)" };
const lines = { base: "var(--line)", subdued: "#ebebeb", strong: "var(--line-strong)" };

const each = (table) => (value) => value.trim().split(/\s+/).map((word) => table[word] ?? word).join(" ");
export const space = each(spaces);

/** "@container (inline-size <= 500px) A, B" is A when the condition holds, else B. */
export function splitResponsive(value) {
  const found = /^@container\s*([\w-]*)\s*(\([^)]*\)(?:\s+and\s+\([^)]*\))*)\s*(.*)$/s.exec(value.trim());
  if (!found) return { otherwise: value };
  const [, name, condition, rest] = found;
  let depth = 0;
  const comma = [...rest].findIndex((sign) => {
    depth += sign === "(" ? 1 : sign === ")" ? -1 : 0;
    return sign === "," && depth === 0;
  });
  const query = name && name !== "s-default" ? `${name} ${condition}` : condition;
  return { query, then: rest.slice(0, comma).trim(), otherwise: rest.slice(comma + 1).trim() };
}

function border(value) {
  const [width, color, style] = value.trim().split(/\s+/);
  return width === "none" ? "none" : `${widths[width] ?? "1px"} ${style && style !== "auto" ? style : "solid"} ${lines[color] ?? lines.base}`;
}

const rules = {
  padding: ["padding", space], paddingBlock: ["padding-block", space], paddingInline: ["padding-inline", space],
  paddingBlockStart: ["padding-block-start", space], paddingBlockEnd: ["padding-block-end", space],
  paddingInlineStart: ["padding-inline-start", space], paddingInlineEnd: ["padding-inline-end", space],
  gap: ["gap", space], rowGap: ["row-gap", space], columnGap: ["column-gap", space],
  background: ["background", each(fills)], border: ["border", border], borderWidth: ["border-width", each(widths)],
  borderStyle: ["border-style", each({ auto: "solid" })], borderColor: ["border-color", each(lines)], borderRadius: ["border-radius", each(radii)],
  blockSize: ["block-size", String], minBlockSize: ["min-block-size", String], maxBlockSize: ["max-block-size", String],
  inlineSize: ["inline-size", String], minInlineSize: ["min-inline-size", String], maxInlineSize: ["max-inline-size", String],
  alignItems: ["align-items", String], alignContent: ["align-content", String], justifyItems: ["justify-items", String],
  justifyContent: ["justify-content", String], placeItems: ["place-items", String], placeContent: ["place-content", String],
  gridTemplateColumns: ["grid-template-columns", String], gridTemplateRows: ["grid-template-rows", String],
  gridColumn: ["grid-column", String], gridRow: ["grid-row", String], overflow: ["overflow", String],
  display: ["display", (value) => (value === "none" ? "none" : "")],
};

const names = (list) => Object.fromEntries(list.split(" ").map((name) => [name, String]));
export const boxProps = names(
  "padding paddingBlock paddingInline paddingBlockStart paddingBlockEnd paddingInlineStart paddingInlineEnd background border borderWidth borderStyle " +
    "borderColor borderRadius blockSize minBlockSize maxBlockSize inlineSize minInlineSize maxInlineSize overflow display " +
    "accessibilityLabel accessibilityRole accessibilityVisibility",
);
export const gridProps = names(
  "gap rowGap columnGap alignItems alignContent justifyItems justifyContent placeItems placeContent gridTemplateColumns gridTemplateRows",
);
export const itemProps = names("gridColumn gridRow");

/** The element's layout attributes as a style sheet's text for `selector`. */
export function boxCss(element, props, selector = ":host") {
  const plain = [];
  const queried = [];
  for (const name of Object.keys(props)) {
    const value = element.getAttribute(name.toLowerCase());
    const [property, translate] = rules[name] ?? [];
    if (!value || !property) continue;
    const { query, then, otherwise } = splitResponsive(value);
    const usual = translate(otherwise);
    if (usual) plain.push(`${property}: ${usual};`);
    if (query) queried.push(`@container ${query} { ${selector} { ${property}: ${translate(then)}; } }`);
  }
  return `${selector} { ${plain.join(" ")} } ${queried.join(" ")}`;
}

const roles = { "ordered-list": "list", "unordered-list": "list", "list-item": "listitem", section: "region", header: "banner", footer: "contentinfo", aside: "complementary" };

/** Say to assistive technology what accessibilityRole, -Label and -Visibility say. */
export function describe(element, internals) {
  const role = element.getAttribute("accessibilityrole") ?? "generic";
  internals.role = role === "generic" ? null : (roles[role] ?? role);
  internals.ariaLabel = element.getAttribute("accessibilitylabel");
  internals.ariaHidden = element.getAttribute("accessibilityvisibility") === "hidden" ? "true" : null;
}
