import { type Awaitable, then } from '../common/awaitable.ts';
import { type Address, isInNetwork, parseAddress } from './address.ts';
import type { HostNames } from './names.ts';
import type { HostRule } from './parse.ts';

export interface Match {
  /** The rule that holds for the caller; undefined if none does. */
  readonly rule: HostRule | undefined;
  /** False if a resolver that did not answer may have kept a better rule from being found. */
  readonly certain: boolean;
}

/** The names of hosts, as far as matching needs them. */
export type Names = Pick<HostNames, 'addressesOf' | 'namesOf'>;

/**
 * The rule for a caller, by the order of exports(5): single hosts, then networks, then wildcards, then everyone; among
 * rules of one kind the first as written. A value unless names must be waited for.
 */
export function matchHost(rules: readonly HostRule[], caller: string, names: Names): Awaitable<Match> {
  const address = parseAddress(caller);
  const everyone = rules.find(({ host }) => host.kind === 'everyone');
  if (address === undefined) return { rule: everyone, certain: true };
  return then(singleHost(rules, 0, address, names, true), (single) => {
    if (single.rule !== undefined) return single;
    const network = rules.find(({ host }) => host.kind === 'network' && isInNetwork(address, host.network));
    if (network !== undefined) return { rule: network, certain: single.certain };
    if (!rules.some(({ host }) => host.kind === 'wildcard')) return { rule: everyone, certain: single.certain };
    return then(names.namesOf(caller), (known) => {
      const wildcard = rules.find(
        ({ host }) => host.kind === 'wildcard' && known?.some((name) => host.glob.matches(name)),
      );
      return { rule: wildcard ?? everyone, certain: single.certain && known !== undefined };
    });
  });
}

function singleHost(
  rules: readonly HostRule[],
  from: number,
  caller: Address,
  names: Names,
  certain: boolean,
): Awaitable<Match> {
  let known = certain;
  for (let at = from; at < rules.length; at++) {
    const rule = rules[at]!;
    const { host } = rule;
    if (host.kind === 'address' && isSame(host.address, caller)) return { rule, certain: known };
    if (host.kind !== 'name') continue;
    const addresses = names.addressesOf(host.name);
    if (addresses instanceof Promise) {
      return addresses.then((resolved) =>
        resolved?.some((address) => isSame(address, caller))
          ? { rule, certain: known }
          : singleHost(rules, at + 1, caller, names, known && resolved !== undefined),
      );
    }
    if (addresses?.some((address) => isSame(address, caller))) return { rule, certain: known };
    known &&= addresses !== undefined;
  }
  return { rule: undefined, certain: known };
}

function isSame(a: Address, b: Address): boolean {
  return a.family === b.family && a.value === b.value;
}
