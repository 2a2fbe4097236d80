// The API's own description (openapi.json) as a readable page. No library, nothing from other hosts.

const METHODS = ["get", "post", "put", "patch", "delete"];

/** An element; attributes of value null or false are left out, children may be text. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

const nameOf = (ref) => ref.split("/").at(-1);
const schemaLink = (ref) => make("a", { href: `#schema-${nameOf(ref)}` }, nameOf(ref));
const separated = (parts) => parts.flatMap((part, place) => (place ? [" or ", part] : [part]));

/** A schema in a few words, with links to the schemas it names. */
function typeOf(schema) {
  if (!schema || typeof schema !== "object") return ["anything"];
  if (schema.$ref) return [schemaLink(schema.$ref)];
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return separated(choices.map((choice) => make("span", {}, ...typeOf(choice))));
  if ("const" in schema) return [JSON.stringify(schema.const)];
  if (schema.enum) return [schema.enum.map((value) => JSON.stringify(value)).join(" | ")];
  if (schema.type === "array") return ["list of ", ...typeOf(schema.items)];
  return [schema.format ? `${schema.type} (${schema.format})` : schema.type ?? "anything"];
}

const BOUNDS = [
  ["minimum", "≥ "], ["exclusiveMinimum", "> "], ["maximum", "≤ "], ["exclusiveMaximum", "< "],
  ["minLength", "at least characters: "], ["maxLength", "at most characters: "], ["minItems", "at least items: "], ["maxItems", "at most items: "],
];

function boundsOf(schema) {
  const own = BOUNDS.filter(([key]) => schema[key] !== undefined).map(([key, sign]) => sign + schema[key]);
  return [...own, ...(schema.anyOf ?? []).flatMap(boundsOf)];
}

function fieldTable(caption, rows) {
  const head = make("tr", {}, ["Name", "Type", "Meaning"].map((title) => make("th", { scope: "col" }, title)));
  return make("div", { class: "wide" }, make("table", {}, make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, rows)));
}

function fieldRow(name, schema, required, description) {
  const bounds = boundsOf(schema);
  const fallback = schema.default !== undefined && schema.default !== null ? `default ${JSON.stringify(schema.default)}` : "";
  const meaning = [description, bounds.join(", "), fallback].filter(Boolean).join("; ");
  return make("tr", {},
    make("th", { scope: "row" }, make("code", {}, name), required ? make("small", {}, " required") : ""),
    make("td", {}, ...typeOf(schema)), make("td", {}, meaning));
}

function contentOf(content = {}) {
  return separated(Object.entries(content).map(([media, { schema }]) => make("span", {}, ...typeOf(schema), ` as ${media}`)));
}

function operationOf(path, method, operation) {
  const parameters = operation.parameters ?? [];
  const replies = Object.entries(operation.responses).sort(([a], [b]) => a - b).map(([status, reply]) => make("tr", {},
    make("th", { scope: "row" }, status), make("td", {}, ...contentOf(reply.content)), make("td", {}, reply.description)));
  return make("section", { id: operation.operationId, class: "operation" },
    make("h3", {}, make("span", { class: `method ${method}` }, method.toUpperCase()), " ", make("code", {}, path)),
    make("p", {}, make("strong", {}, operation.summary ?? "")), make("p", {}, operation.description ?? ""),
    parameters.length ? fieldTable("Parameters", parameters.map((one) => fieldRow(one.name, one.schema, one.required, one.description))) : "",
    operation.requestBody ? make("p", {}, "Body: ", ...contentOf(operation.requestBody.content), operation.requestBody.required ? "" : " (may be empty)") : "",
    fieldTable("Replies", replies));
}

function schemaOf(name, schema) {
  const fields = Object.entries(schema.properties ?? {});
  const required = new Set(schema.required ?? []);
  return make("section", { id: `schema-${name}` }, make("h3", {}, name), make("p", {}, schema.description ?? ""),
    fields.length ? fieldTable("Fields", fields.map(([field, inner]) => fieldRow(field, inner, required.has(field), inner.description)))
      : make("p", {}, ...typeOf(schema)));
}

function show(api) {
  const operations = Object.entries(api.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({ path, method, operation: item[method] })));
  const schemas = Object.entries(api.components?.schemas ?? {}).sort(([a], [b]) => a.localeCompare(b));
  const entry = (target, text) => make("li", {}, make("a", { href: `#${target}` }, text));
  document.getElementById("summary").textContent = `${api.info.description ?? ""} Version ${api.info.version}.`;
  document.getElementById("contents").replaceChildren(
    ...operations.map(({ method, path, operation }) => entry(operation.operationId, `${method.toUpperCase()} ${path}`)), entry("schemas", "Schemas"));
  const content = document.getElementById("content");
  content.replaceChildren(make("h2", {}, "Paths"), ...operations.map(({ path, method, operation }) => operationOf(path, method, operation)),
    make("h2", { id: "schemas" }, "Schemas"), ...schemas.map(([name, schema]) => schemaOf(name, schema)));
  content.removeAttribute("aria-busy");
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

try {
  const reply = await fetch("openapi.json");
  if (!reply.ok) throw new Error(`status ${reply.status}`);
  show(await reply.json());
} catch (error) {
  document.getElementById("content").replaceChildren(make("p", { role: "alert" }, `The description could not be loaded (${error.message}). Reload the page.`));
}
