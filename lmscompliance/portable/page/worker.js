// Runs the verifier beside the page, so that the page stays alive while it works.
// Everything arrives from the page; `fetch` is replaced because the runtime asks for its parts by it.
'use strict';

const types = { 'pyodide.asm.wasm': 'application/wasm' };
let ready;

async function unpack(text) {
  const packed = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function start(packed) {
  const parts = {};
  for (const [name, text] of Object.entries(packed)) parts[name] = await unpack(text);
  globalThis.fetch = async (asked) => {
    const name = String(asked.url || asked).split('/').pop();
    if (!parts[name]) throw new Error(`not in this page: ${name}`);
    return new Response(parts[name], { headers: { 'Content-Type': types[name] || 'application/octet-stream' } });
  };
  const imported = (name) => import(URL.createObjectURL(new Blob([parts[name]], { type: 'text/javascript' })));
  const { loadPyodide } = await imported('pyodide.mjs');
  const python = await loadPyodide({
    indexURL: 'https://page.invalid/',
    packageBaseUrl: 'https://page.invalid/',
    createPyodideModule: (await imported('pyodide.asm.mjs')).default,
    lockFileContents: { info: JSON.parse(new TextDecoder().decode(parts['info.json'])), packages: {} },
  });
  python.FS.writeFile('/verifier.pyz', parts['verifier.pyz']);
  python.runPython('import sys; sys.path.insert(0, "/verifier.pyz")');
  return python;
}

const verification = `
import json
from pathlib import Path
from lmscompliance.verifier import to_json, verify_file

def run(name, trust, workbook, files):
    trusted = None if trust is None else bytes(trust.to_py())
    copy = Path(workbook) if workbook else None
    return json.dumps(to_json(verify_file(Path(name), trusted, copy, [Path(one) for one in files])))
run
`;

function put(python, folder, file) {
  if (!file) return '';
  // Only the last part of a name: the report shows it, and nothing may be written elsewhere.
  const path = `${folder}/${file.name.split(/[\\/]/).pop()}`;
  python.FS.mkdirTree(folder);
  python.FS.writeFile(path, file.bytes);
  return path;
}

onmessage = async ({ data }) => {
  try {
    if (data.parts) ready = start(data.parts);
    const python = await ready;
    if (data.parts) return postMessage({ started: true });
    const bundle = put(python, '/bundle', data.bundle);
    const workbook = put(python, '/workbook', data.workbook);
    // A folder each, for two files may have one name.
    const files = data.files.map((file, number) => put(python, `/files/${number}`, file));
    try {
      const run = python.runPython(verification);
      const trust = data.trust ? data.trust.bytes : undefined;
      postMessage({ report: JSON.parse(run(bundle, trust, workbook, files)) });
    } finally {
      for (const path of [bundle, workbook, ...files]) if (path) python.FS.unlink(path);
    }
  } catch (error) {
    postMessage({ error: String(error) });
  }
};
