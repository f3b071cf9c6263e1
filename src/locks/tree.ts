import { later, type Range } from './range.ts';

/** What the tree holds: somebody's claim on a range. */
export interface Claim extends Range {
  /** Never equal for two claims in a tree. */
  readonly id: number;
  readonly owner: string;
  readonly exclusive: boolean;
}

/**
 * How far the claims of a subtree reach: the furthest, whose that is, and the furthest of all other owners. With these
 * two a search for somebody else's claim passes by its own owner's, however many they are.
 */
interface Reach {
  end: bigint;
  owner: string | undefined;
  otherEnd: bigint;
}

interface Node<C extends Claim> {
  readonly claim: C;
  readonly priority: number;
  left: Node<C> | undefined;
  right: Node<C> | undefined;
  readonly all: Reach;
  readonly exclusive: Reach;
}

/** Claims by where they start, in a treap that also knows how far they reach. Every operation takes logarithmic time. */
export class ClaimTree<C extends Claim> {
  private root: Node<C> | undefined;
  private count = 0;
  private seed = 0x9e3779b9;

  get size(): number {
    return this.count;
  }

  add(claim: C): void {
    const node: Node<C> = {
      claim,
      priority: this.random(),
      left: undefined,
      right: undefined,
      all: { end: 0n, owner: undefined, otherEnd: 0n },
      exclusive: { end: 0n, owner: undefined, otherEnd: 0n },
    };
    this.root = insert(this.root, node);
    this.count += 1;
  }

  delete(claim: C): void {
    this.root = remove(this.root, claim);
    this.count -= 1;
  }

  /** Those that have a byte in common with the range, by where they start. */
  overlapping(range: Range): C[] {
    const found: C[] = [];
    collect(this.root, range, found);
    return found;
  }

  /** Some claim that keeps `owner` from having the range: of another owner, overlapping, and one of the two exclusive. */
  conflicting(range: Range, owner: string, exclusive: boolean): C | undefined {
    let node = this.root;
    while (node !== undefined) {
      const { claim, left } = node;
      if (reachOfOthers(node, owner, exclusive) <= range.start) return undefined;
      // If something on the left reaches far enough and yet does not overlap, it starts behind the range; so does all
      // that stands to its right.
      if (left !== undefined && reachOfOthers(left, owner, exclusive) > range.start) {
        node = left;
        continue;
      }
      if (claim.start >= range.end) return undefined;
      if (claim.owner !== owner && claim.end > range.start && (exclusive || claim.exclusive)) return claim;
      node = node.right;
    }
    return undefined;
  }

  /** All of them. */
  conflicts(range: Range, owner: string, exclusive: boolean): Generator<C> {
    return conflictsIn(this.root, range, owner, exclusive);
  }

  [Symbol.iterator](): Generator<C> {
    return inOrder(this.root);
  }

  /** xorshift32: what a treap needs is that an order of insertion does not decide its shape. */
  private random(): number {
    let x = this.seed;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.seed = x;
    return x;
  }
}

function before(a: Claim, b: Claim): boolean {
  return a.start < b.start || (a.start === b.start && a.id < b.id);
}

function insert<C extends Claim>(root: Node<C> | undefined, node: Node<C>): Node<C> {
  if (root === undefined) return update(node);
  if (before(node.claim, root.claim)) {
    root.left = insert(root.left, node);
    return root.left.priority > root.priority ? rotateRight(root, root.left) : update(root);
  }
  root.right = insert(root.right, node);
  return root.right.priority > root.priority ? rotateLeft(root, root.right) : update(root);
}

function remove<C extends Claim>(root: Node<C> | undefined, claim: C): Node<C> | undefined {
  if (root === undefined) throw new RangeError('no such claim');
  if (root.claim === claim) return join(root.left, root.right);
  if (before(claim, root.claim)) root.left = remove(root.left, claim);
  else root.right = remove(root.right, claim);
  return update(root);
}

function join<C extends Claim>(left: Node<C> | undefined, right: Node<C> | undefined): Node<C> | undefined {
  if (left === undefined) return right;
  if (right === undefined) return left;
  if (left.priority > right.priority) {
    left.right = join(left.right, right);
    return update(left);
  }
  right.left = join(left, right.left);
  return update(right);
}

function rotateRight<C extends Claim>(root: Node<C>, left: Node<C>): Node<C> {
  root.left = left.right;
  left.right = update(root);
  return update(left);
}

function rotateLeft<C extends Claim>(root: Node<C>, right: Node<C>): Node<C> {
  root.right = right.left;
  right.left = update(root);
  return update(right);
}

/** Works a node's reaches out from its claim and its children. */
function update<C extends Claim>(node: Node<C>): Node<C> {
  const { claim, left, right, all, exclusive } = node;
  all.end = claim.end;
  all.owner = claim.owner;
  all.otherEnd = 0n;
  exclusive.end = claim.exclusive ? claim.end : 0n;
  exclusive.owner = claim.exclusive ? claim.owner : undefined;
  exclusive.otherEnd = 0n;
  for (const child of [left, right]) {
    if (child === undefined) continue;
    include(all, child.all);
    include(exclusive, child.exclusive);
  }
  return node;
}

function include(into: Reach, part: Reach): void {
  if (part.owner === undefined) return;
  if (part.owner === into.owner) {
    if (part.end > into.end) into.end = part.end;
    if (part.otherEnd > into.otherEnd) into.otherEnd = part.otherEnd;
  } else if (part.end > into.end) {
    // What the new owner's others reach may be the old owner's own; then it is not further than that.
    into.otherEnd = later(part.otherEnd, into.end);
    into.end = part.end;
    into.owner = part.owner;
  } else if (part.end > into.otherEnd) {
    into.otherEnd = part.end;
  }
}

function reachOfOthers<C extends Claim>(node: Node<C>, owner: string, exclusive: boolean): bigint {
  const reach = exclusive ? node.all : node.exclusive;
  return reach.owner === owner ? reach.otherEnd : reach.end;
}

function collect<C extends Claim>(node: Node<C> | undefined, range: Range, found: C[]): void {
  if (node === undefined || node.all.end <= range.start) return;
  collect(node.left, range, found);
  const { claim } = node;
  if (claim.start >= range.end) return;
  if (claim.end > range.start) found.push(claim);
  collect(node.right, range, found);
}

function* conflictsIn<C extends Claim>(
  node: Node<C> | undefined,
  range: Range,
  owner: string,
  exclusive: boolean,
): Generator<C> {
  if (node === undefined || reachOfOthers(node, owner, exclusive) <= range.start) return;
  yield* conflictsIn(node.left, range, owner, exclusive);
  const { claim } = node;
  if (claim.start >= range.end) return;
  if (claim.owner !== owner && claim.end > range.start && (exclusive || claim.exclusive)) yield claim;
  yield* conflictsIn(node.right, range, owner, exclusive);
}

function* inOrder<C extends Claim>(node: Node<C> | undefined): Generator<C> {
  if (node === undefined) return;
  yield* inOrder(node.left);
  yield node.claim;
  yield* inOrder(node.right);
}
