import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOW, type NodeSituation, type PackageSituation, said } from './situation.ts';

export const THREE = { a: {}, b: {}, c: {} };
export const MINUTE = 60_000;

/** Each line of `expected` is what a node says of package p. */
export function check(
  name: string,
  p: PackageSituation,
  expected: Readonly<Record<string, string>>,
  {
    nodes = THREE,
    others = {},
  }: { nodes?: Record<string, NodeSituation>; others?: Record<string, PackageSituation> } = {},
): void {
  test(name, () => {
    const heard = Object.keys(expected).map((self) => [self, said(self, { nodes, packages: { p, ...others } })]);
    assert.deepEqual(Object.fromEntries(heard), expected);
  });
}

export const active = { phase: 'active' } as const;
export const ready = { phase: 'ready', since: NOW } as const;
export const failed = { phase: 'failed', problem: 'the disk is dead', barredUntil: NOW + MINUTE } as const;
