// Renders /openapi.json. Everything goes in as text: nothing of the document is ever markup.

/** @param {string} tag @param {string} [text] @param {Record<string, string>} [attributes] */
function make(tag, text, attributes = {}) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** Paragraphs of a text, with `code` in it set as such. */
function prose(text) {
  return text.split(/\n{2,}/).map((paragraph) => {
    const element = make("p");
    paragraph.replaceAll("\n", " ").split("`").forEach((part, at) => {
      element.append(at % 2 ? make("code", part) : part);
    });
    return element;
  });
}

/** A table cell with the same marks. */
function cell(text) {
  const element = make("td");
  element.append(...prose(text).flatMap((one) => [...one.childNodes]));
  return element;
}

/** The name of a schema, as short as it can be said. */
function typeOf(schema) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map(typeOf).join(" or ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  if (schema.type === "array") return `${typeOf(schema.items)}[]`;
  if (schema.format) return `${schema.type} (${schema.format})`;
  return schema.type ?? "any";
}

function table(heads, rows) {
  const element = make("table");
  const head = make("tr");
  head.append(...heads.map((text) => make("th", text)));
  element.append(head);
  for (const row of rows) {
    const line = make("tr");
    line.append(...row.map(cell));
    element.append(line);
  }
  return element;
}

function defaultOf(schema) {
  const value = schema?.default;
  return value === undefined || value === null ? "" : `Default ${JSON.stringify(value)}.`;
}

function parameters(operation) {
  return table(
    ["Parameter", "Type", "Meaning"],
    operation.parameters.map((one) => [
      one.in === "path" ? `{${one.name}}` : one.name,
      typeOf(one.schema).replace(" or null", ""),
      [one.description ?? one.schema?.description, one.required && one.in === "query" ? "Required." : "", defaultOf(one.schema)]
        .filter(Boolean).join(" "),
    ]),
  );
}

function answers(operation) {
  const rows = Object.entries(operation.responses).map(([status, response]) => [
    status,
    Object.entries(response.content ?? {}).map(([type, body]) => `${type}: ${typeOf(body.schema)}`).join("\n"),
    response.description ?? "",
  ]);
  return table(["Answer", "Body", "Meaning"], rows);
}

function endpoint(path, method, operation) {
  const section = make("section", undefined, { id: operation.operationId });
  section.append(make("h3", `${method.toUpperCase()} ${path}`));
  section.append(...prose(operation.description ?? ""));
  if (operation.parameters?.length) section.append(parameters(operation));
  section.append(answers(operation));
  return section;
}

function schemas(document_) {
  const section = make("section", undefined, { id: "schemas" });
  section.append(make("h2", "Shapes"));
  for (const [name, schema] of Object.entries(document_.components?.schemas ?? {})) {
    section.append(make("h3", name, { id: `schema-${name}` }));
    section.append(...prose(schema.description ?? ""));
    const rows = Object.entries(schema.properties ?? {}).map(([field, one]) => [field, typeOf(one), one.description ?? ""]);
    if (rows.length) section.append(table(["Field", "Type", "Meaning"], rows));
    else section.append(make("pre", typeOf(schema)));
  }
  return section;
}

function render(document_) {
  document.title = `${document_.info.title} ${document_.info.version} API`;
  document.getElementById("about").replaceChildren(...prose(document_.info.description ?? ""));
  const main = document.getElementById("endpoints");
  const list = make("ul");
  main.replaceChildren();
  let group = "";
  for (const [path, item] of Object.entries(document_.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const tag = operation.tags?.[0] ?? "";
      if (tag !== group) main.append(make("h2", tag));
      group = tag;
      main.append(endpoint(path, method, operation));
      const entry = make("li");
      entry.append(make("a", `${method.toUpperCase()} ${path}`, { href: `#${operation.operationId}` }));
      list.append(entry);
    }
  }
  document.getElementById("contents").replaceChildren(list);
  main.append(schemas(document_));
}

try {
  const response = await fetch(new URL("../openapi.json", import.meta.url));
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  render(await response.json());
} catch (error) {
  document.getElementById("endpoints").textContent = `openapi.json cannot be shown: ${error}`;
}
