import type { Result } from '../protocol/runner.ts';
import { escapeXml } from './junit.ts';
import { CLASSES, type Counts, conforms, count, grouped, isBad, OUTCOMES, type Report } from './summary.ts';

/** The report as one page that needs nothing else: no script, no font, no picture from elsewhere. */
export function htmlReport(report: Report): string {
  const { target, version, startedAt, milliseconds, results } = report;
  const verdict = conforms(results) ? 'Every applicable MUST case passes' : 'MUST cases fail';
  const seconds = (milliseconds / 1000).toFixed(1);
  const bad = results.filter(isBad);
  const groups = [...grouped(results)];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>NFS conformance of ${escapeXml(target)}</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>NFS conformance of <code>${escapeXml(target)}</code></h1>
<p class="verdict ${conforms(results) ? 'pass' : 'fail'}">${verdict}</p>
<p>${results.length} cases in ${seconds} s, ${startedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC, steadfs ${escapeXml(version)}</p>
</header>
<main>
${classTable(results)}
${bad.length === 0 ? '' : failures(bad)}
<h2>By program</h2>
${overview(groups)}
<h2>By procedure</h2>
<p>A procedure opens to its cases.</p>
${groups.map(([group, procedures]) => groupTable(group, procedures)).join('\n')}
</main>
</body>
</html>
`;
}

function classTable(results: readonly Result[]): string {
  const rows = CLASSES.map((of) => {
    const counts = count(results.filter((result) => result.class === of));
    return `<tr><th scope="row">${of}</th><td>${MEANINGS[of]}</td>${cells(counts)}</tr>`;
  });
  return `<table class="classes"><thead><tr><th scope="col">Class</th><th scope="col">A failure means</th>${HEADINGS}</tr></thead>
<tbody>${rows.join('\n')}</tbody></table>`;
}

const MEANINGS = {
  MUST: 'the protocol is broken',
  SHOULD: 'something that the RFC asks for, or that clients use, is missing',
  LINUX: 'Linux clients do not get what they rely on',
} as const;

const HEADINGS = OUTCOMES.map((outcome) => `<th scope="col" class="number">${outcome}</th>`).join('');

function cells(counts: Counts): string {
  return OUTCOMES.map((outcome) => {
    const value = counts[outcome];
    return `<td class="number ${value === 0 ? 'none' : classOf(outcome)}">${value}</td>`;
  }).join('');
}

/** What failed, the gravest class first, a heading for each program. */
function failures(bad: readonly Result[]): string {
  const sections = CLASSES.flatMap((of) => {
    const those = bad.filter((result) => result.class === of);
    if (those.length === 0) return [];
    const groups = [...grouped(those)].map(
      ([group, procedures]) =>
        `<h4>${escapeXml(group)}</h4>\n${[...procedures.values()].flat().map(failure).join('\n')}`,
    );
    return `<h3>${of} <small>${MEANINGS[of]}</small></h3>\n${groups.join('\n')}`;
  });
  return `<h2 id="failures">What failed</h2>\n${sections.join('\n')}`;
}

type Groups = readonly (readonly [string, ReadonlyMap<string, readonly Result[]>])[];

function overview(groups: Groups): string {
  const rows = groups.map(([group, procedures]) => {
    const name = escapeXml(group);
    return `<tr><th scope="row"><a href="#${anchor(group)}">${name}</a></th>${cells(count([...procedures.values()].flat()))}</tr>`;
  });
  const all = groups.flatMap(([, procedures]) => [...procedures.values()].flat());
  return `<table><thead><tr><th scope="col">Program</th>${HEADINGS}</tr></thead>
<tbody>${rows.join('\n')}</tbody>
<tfoot><tr><th scope="row">All ${all.length}</th>${cells(count(all))}</tr></tfoot></table>`;
}

/** For links within the page. */
const anchor = (group: string) => `program-${group.replace(/[^A-Za-z0-9]+/g, '-')}`;

function groupTable(group: string, procedures: ReadonlyMap<string, readonly Result[]>): string {
  const rows = [...procedures].map(
    ([procedure, results]) => `<tr><th scope="row"><details><summary>${escapeXml(procedure)}</summary>
<ul>${results.map(item).join('\n')}</ul></details></th>${cells(count(results))}</tr>`,
  );
  const all = [...procedures.values()].flat();
  return `<table id="${anchor(group)}"><caption>${escapeXml(group)}</caption>
<thead><tr><th scope="col">Procedure</th>${HEADINGS}</tr></thead>
<tbody>${rows.join('\n')}</tbody>
<tfoot><tr><th scope="row">All ${all.length}</th>${cells(count(all))}</tr></tfoot></table>`;
}

function item(result: Result): string {
  const detail = result.detail === '' ? '' : `<pre>${escapeXml(result.detail)}</pre>`;
  const name = escapeXml(result.id.split('/').slice(2).join('/'));
  return `<li>${badge(result)} ${escapeXml(result.title)} <small><code>${name}</code></small> ${origin(result)}${detail}</li>`;
}

function failure(result: Result): string {
  return `<details class="failure"><summary>${badge(result)} <code>${escapeXml(result.id)}</code> ${escapeXml(result.title)}</summary>
${origin(result)}<pre>${escapeXml(result.detail)}</pre></details>`;
}

const badge = ({ outcome }: Result) => `<span class="badge ${classOf(outcome)}">${outcome}</span>`;
const origin = (result: Result) => `<small>${result.class}, ${escapeXml(result.clause)}</small>`;
const classOf = (outcome: string) => outcome.replace(' ', '-');

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --pass: #1a7f37; --fail: #cf222e; --error: #8250df; --na: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --pass: #4ac26b; --fail: #ff7b72; --error: #d2a8ff; --na: #e3b341; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.25rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1.05rem; margin: 1.3rem 0 .3rem; } h4 { font-size: 1rem; margin: .9rem 0 .2rem; font-weight: 600; }
header p { margin: .3rem 0; } .verdict { font-size: 1.15rem; font-weight: 600; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 2rem; }
caption { text-align: left; font-weight: 600; font-size: 1.1rem; padding: .3rem 0; }
th, td { padding: .3rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
thead th { background: var(--soft); font-weight: 600; } tfoot th, tfoot td { border-top: 2px solid var(--line); font-weight: 600; }
th[scope=row] { font-weight: 500; width: 60%; } .classes th[scope=row] { width: auto; }
.number { text-align: right; width: 6rem; white-space: nowrap; font-variant-numeric: tabular-nums; } .none { opacity: .35; }
.pass { color: var(--pass); } .fail { color: var(--fail); } .error { color: var(--error); } .not-applicable { color: var(--na); }
a { color: inherit; } summary { cursor: pointer; } ul { list-style: none; margin: .3rem 0; padding-left: 1.2rem; font-weight: 400; } li { margin: .2rem 0; }
.badge { display: inline-block; min-width: 2.6rem; font-size: .8rem; font-weight: 600; }
small { opacity: .7; } code { font-size: .92em; overflow-wrap: anywhere; }
pre { margin: .3rem 0 .6rem; padding: .5rem .7rem; background: var(--soft); white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem; }
.failure { border-left: 3px solid var(--fail); padding: .15rem .8rem; margin: .35rem 0; }
@media (max-width: 45rem) { .number { width: auto; white-space: normal; } th, td { padding: .3rem .35rem; } .classes td:nth-child(2) { display: none; } .classes th:nth-child(2) { display: none; } }
@media print { body { max-width: none; } }
`;
