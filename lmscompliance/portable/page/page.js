// The page's own part: takes files, hands them to the worker, shows its report. No verdict is made here.
'use strict';

const byId = (id) => document.getElementById(id);
const words = JSON.parse(byId('words').textContent);
const inputs = ['bundle', 'trust', 'workbook', 'files'];
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

for (const node of document.querySelectorAll('[data-word]')) node.textContent = words[node.dataset.word];

function element(tag, text, name) {
  const node = document.createElement(tag);
  if (text) node.textContent = text;
  if (name) node.className = name;
  return node;
}

function say(text) { byId('state').textContent = text; }

function listed(title, remarks) {
  if (!remarks.length) return [];
  const list = element('ul');
  for (const remark of remarks) list.append(element('li', remark.zh));
  return [element('h2', title), list];
}

function stepped(steps) {
  const list = element('ol', '', 'steps');
  for (const step of steps) {
    const item = element('li', '', step.status);
    item.append(element('b', step.title.zh));
    const detail = step.because || step.detail;
    if (detail) item.append(element('span', detail.zh, 'detail'));
    const problems = element('ul');
    for (const problem of step.problems) problems.append(element('li', problem.zh));
    const rest = step.problem_count - step.problems.length;
    if (rest > 0) problems.append(element('li', fill(words.more, { count: rest })));
    if (problems.children.length) item.append(problems);
    list.append(item);
  }
  return list;
}

function show(report, digest) {
  const place = byId('report');
  place.replaceChildren(element('p', words[`verdict_${report.exit}`], `verdict ${report.verdict}`));
  place.dataset.verdict = report.verdict;
  const about = report.subject;
  if (about.code) place.append(element('p', fill(words.subject, { title: about.title || '–', ...about }), 'subject'));
  place.append(element('p', fill(words.own_digest, { digest }), 'subject'));
  place.append(...listed(words.unverifiable_title, report.unverifiable));
  // Right under 无效 a fact that is no fault would be taken for the reason.
  const facts = listed(words.findings_title, report.findings);
  const steps = stepped(report.steps);
  place.append(...(report.verdict === 'invalid' ? [steps, ...facts] : [...facts, steps]));
  if (report.body) {
    const { body, disclosed } = report;
    place.append(element('h2', words.entry), element('pre', JSON.stringify({ body, disclosed }, null, 2)));
  }
  place.append(...listed(words.owes_title, report.owes));
  place.hidden = false;
  byId('print').hidden = false;
}

async function digestOf(bytes) {
  // A page opened from a file is not everywhere allowed to use the browser's own digest.
  if (!globalThis.crypto || !crypto.subtle) return '–';
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (one) => one.toString(16).padStart(2, '0')).join('');
}

function read(id) {
  const chosen = Array.from(byId(id).files);
  return Promise.all(chosen.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })));
}

let worker;

function ask(message) {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data));
    worker.onerror = (event) => reject(new Error(event.message || 'worker'));
    worker.postMessage(message);
  });
}

async function verify() {
  const [[bundle], [trust], [workbook], files] = await Promise.all(inputs.map(read));
  if (!bundle) return say(words.no_bundle);
  byId('report').hidden = true;
  const button = document.querySelector('button[type=submit]');
  button.disabled = true;
  try {
    if (!worker) {
      say(words.starting);
      const source = JSON.parse(byId('worker').textContent);
      worker = new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
      await ask({ parts: JSON.parse(byId('parts').textContent) });
    }
    say(words.verifying);
    const { report } = await ask({ bundle, trust, workbook, files });
    show(report, await digestOf(bundle.bytes));
    say('');
  } catch (error) {
    // A worker that died is not asked again: the next try starts a new one.
    if (worker) worker.terminate();
    worker = undefined;
    say(fill(words.broken, { reason: error.message }));
  } finally {
    button.disabled = false;
  }
  return undefined;
}

for (const id of inputs) {
  const input = byId(id);
  const drop = input.closest('.drop');
  const shown = () => { drop.querySelector('.file').textContent = Array.from(input.files, (one) => one.name).join('、'); };
  input.addEventListener('change', shown);
  for (const name of ['dragover', 'dragleave', 'drop']) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle('over', name === 'dragover');
      if (name === 'drop' && event.dataTransfer.files.length) {
        input.files = event.dataTransfer.files;
        shown();
      }
    });
  }
}
// A file that misses its box must not replace the page.
for (const name of ['dragover', 'drop']) addEventListener(name, (event) => event.preventDefault());
byId('form').addEventListener('submit', (event) => { event.preventDefault(); verify(); });
byId('print').addEventListener('click', () => print());
if (!globalThis.DecompressionStream || !globalThis.WebAssembly) say(words.old_browser);
