import { describe, test } from 'node:test';
import type { Awaitable } from '../../src/common/awaitable.ts';
import { attributes } from './suite/attributes.ts';
import type { Fixture } from './suite/check.ts';
import { creation } from './suite/creation.ts';
import { data } from './suite/data.ts';
import { handles, restarts } from './suite/handles.ts';
import { listing } from './suite/listing.ts';
import { lookups } from './suite/lookups.ts';
import { permission } from './suite/permission.ts';
import { removal } from './suite/removal.ts';
import { renaming } from './suite/renaming.ts';

export interface SuiteOptions {
  /** Why the tests that need several users are skipped. */
  readonly oneUser?: string | undefined;
  /** Why the tests that restart the server are skipped. */
  readonly noRestart?: string | undefined;
}

/** What every {@link FileSystem} has to do. */
export function fileSystemSuite(name: string, make: () => Awaitable<Fixture>, options: SuiteOptions = {}): void {
  const unless = (reason: string | undefined) => (reason === undefined ? {} : { skip: reason });
  const check = (title: string, run: (fixture: Fixture) => Promise<void>, how: { skip?: string } = {}) =>
    test(title, how, async () => {
      const fixture = await make();
      try {
        await run(fixture);
      } finally {
        await fixture.dispose();
      }
    });

  describe(name, () => {
    handles(check);
    lookups(check);
    data(check);
    creation(check);
    removal(check);
    renaming(check);
    attributes(check);
    listing(check);
    restarts((title, run) => check(title, run, unless(options.noRestart)));
    permission((title, run) => check(title, run, unless(options.oneUser)));
  });
}
