// What the page carries: JSON to be read at once, and packed text that is unpacked when it is asked for.

const data = JSON.parse(document.getElementById("data").textContent);

const unpacked = new Map();

/** The bytes of something packed, as a Response that reads them as text or JSON. */
async function unpack(name) {
  const text = document.getElementById(`packed-${name}`).textContent;
  const packed = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream);
}

/** A packed JSON value, read once. */
function packedJson(name) {
  if (!unpacked.has(name)) unpacked.set(name, unpack(name).then((response) => response.json()));
  return unpacked.get(name);
}

/** Give a file to the reader, under the last part of its path. */
function save(path, content, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = path.split("/").pop();
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function download(path) {
  if (path === "results.json") return saveResults();
  const table = (await packedJson("tables"))[path];
  return table === undefined ? tell("Not stored") : save(path, table, "text/csv");
}
