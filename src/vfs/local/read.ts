import { read as readInPool } from 'node:fs';
import { constants } from 'node:os';
import type { Awaitable } from '../../common/awaitable.ts';
import type { Attributes } from '../attributes.ts';
import { FsError } from '../error.ts';
import { type Caller, MAX_OFFSET, type ReadResult } from '../filesystem.ts';
import { aim, type Block, giveBlock, LARGEST_READ, takeBlock } from './buffers.ts';
import { RWF_NOWAIT } from './constants.ts';
import { mustBeRegular } from './data-files.ts';
import { codeOf, nodeError } from './errno.ts';
import type { LocalInode } from './inode.ts';
import { errno, preadv2 } from './libc.ts';
import { keptRights, letRead, mustRead, stillHold } from './permission.ts';
import { statOf } from './stat.ts';
import type { Volume } from './volume.ts';

/**
 * READ. What is in the page cache is read at once, and the permission that was kept from before is compared with the
 * attributes that follow: two system calls. The rest goes through the thread pool.
 */
export function read(
  volume: Volume,
  caller: Caller,
  inode: LocalInode,
  offset: number,
  count: number,
): Awaitable<ReadResult> {
  const rights = keptRights(inode, caller);
  const isLikely = rights !== undefined && letRead(rights);
  if (!isLikely || (inode.readFd < 0 && inode.writeFd < 0)) {
    const attributes = statOf(inode.fd);
    mustBeRegular(inode, 'read');
    mustRead(caller, inode, attributes);
    volume.data.readable(inode, attributes);
  }
  const wanted = Math.min(count, LARGEST_READ, Math.max(0, MAX_OFFSET - offset));
  if (wanted === 0) return nothing(caller, inode, offset);
  const block = takeBlock(wanted);
  try {
    const got = readNow(volume, inode, block, offset, wanted);
    const attributes = statOf(inode.fd);
    if (!isLikely || !stillHold(rights, attributes)) mustRead(caller, inode, attributes);
    if (got >= 0 && (got === wanted || got === 0 || offset + got >= attributes.size)) {
      // A read of nothing is the end, whatever the size is by now.
      if (got > 0 || offset >= attributes.size) return answer(block, got, offset, attributes);
    }
    return readLater(volume, caller, inode, block, offset, wanted, Math.max(0, got));
  } catch (error) {
    giveBlock(block);
    throw error;
  }
}

/** The bytes that could be had without waiting; -1 if that is not known. */
function readNow(volume: Volume, inode: LocalInode, block: Block, offset: number, count: number): number {
  const fd = inode.readFd >= 0 ? inode.readFd : inode.writeFd;
  inode.dataUsed = true;
  let got = Number(preadv2(fd, aim(block, count), 1, offset, volume.traits.memory ? 0 : RWF_NOWAIT));
  if (got < 0 && volume.traits.memory === false) {
    const number = errno();
    if (number === constants.errno.EAGAIN || number === constants.errno.EOPNOTSUPP) got = -1;
    else throw new FsError(codeOf(number), 'read');
  } else if (got < 0) {
    throw new FsError(codeOf(errno()), 'read');
  }
  return got;
}

function nothing(caller: Caller, inode: LocalInode, offset: number): ReadResult {
  const attributes = statOf(inode.fd);
  mustRead(caller, inode, attributes);
  return { data: Buffer.alloc(0), eof: offset >= attributes.size, attributes };
}

function answer(block: Block, length: number, offset: number, attributes: Attributes): ReadResult {
  let held = true;
  return {
    data: block.memory.subarray(0, length),
    eof: length === 0 || offset + length >= attributes.size,
    attributes,
    release: () => {
      if (held) giveBlock(block);
      held = false;
    },
  };
}

async function readLater(
  volume: Volume,
  caller: Caller,
  inode: LocalInode,
  block: Block,
  offset: number,
  wanted: number,
  already: number,
): Promise<ReadResult> {
  try {
    let got = already;
    while (got < wanted) {
      const fd = volume.data.readable(inode, statOf(inode.fd));
      const more = await readFrom(fd, block.memory, got, wanted - got, offset + got);
      if (more === 0) break;
      got += more;
    }
    const attributes = statOf(inode.fd);
    mustRead(caller, inode, attributes);
    return answer(block, got, offset, attributes);
  } catch (error) {
    giveBlock(block);
    throw error;
  }
}

function readFrom(fd: number, memory: Buffer, at: number, length: number, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    readInPool(fd, memory, at, length, offset, (error, got) =>
      error ? reject(nodeError(error, 'read')) : resolve(got),
    );
  });
}
