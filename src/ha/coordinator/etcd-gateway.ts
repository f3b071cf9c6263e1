import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { z } from 'zod';
import type { EtcdAccess } from '../config.ts';
import { CoordinatorLost } from './contract.ts';
import type { Committed, EtcdStore, KeyValue, Transaction } from './etcd-store.ts';
import type { Deadline, Timing } from './timing.ts';

const MOST_REPLY_BYTES = 16 * 1024 * 1024;
const MOST_CONNECTIONS = 8;
/** Between rounds through all endpoints, as while etcd elects a leader. */
const PAUSE_MILLISECONDS = 50;

const INVALID_ARGUMENT = 3;
/** gRPC's status codes for what another endpoint would refuse as well. */
const FINAL = new Set([INVALID_ARGUMENT, 7, 9, 11, 12]);
const UNAUTHENTICATED = 16;
/** Comes as INVALID_ARGUMENT, but a new login mends it. */
const STALE_TOKEN = /invalid auth token|revision of auth store is old/;

const bytes = z.string().default('');
const int64 = z.string().default('0').transform(Number);
const header = z.object({ revision: int64 });
const rangeReply = z.object({
  kvs: z.array(z.object({ key: bytes, value: bytes, mod_revision: int64 })).default([]),
});
const txnReply = z.object({
  header,
  succeeded: z.boolean().default(false),
  responses: z.array(z.object({ response_range: rangeReply.optional() })).default([]),
});
const authReply = z.object({ token: z.string() });
const errorReply = z.object({
  code: z.number().default(2),
  message: z.string().optional(),
  error: z.string().optional(),
});

/** etcd said no. */
class Refused extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * etcd's v3 API by its HTTP/JSON gateway, which every member answers (3.4 and later). A member that fails, or is silent
 * for its share of the time, is passed over for the next, until the caller's deadline.
 */
export class EtcdGateway implements EtcdStore {
  private readonly endpoints: readonly URL[];
  private readonly access: EtcdAccess;
  private readonly timing: Timing;
  private readonly http = new HttpAgent({ keepAlive: true, maxSockets: MOST_CONNECTIONS });
  private readonly https: HttpsAgent;
  /** Index of the endpoint that answered last. */
  private current = 0;
  private token: Promise<string> | undefined;

  /** Throws if a file cannot be read. */
  constructor(access: EtcdAccess, timing: Timing) {
    this.access = access;
    this.timing = timing;
    this.endpoints = access.endpoints.map((endpoint) => new URL(endpoint));
    this.https = new HttpsAgent({
      keepAlive: true,
      maxSockets: MOST_CONNECTIONS,
      ca: access.ca && readFileSync(access.ca),
      cert: access.certificate && readFileSync(access.certificate),
      key: access.key && readFileSync(access.key),
    });
    if (access.passwordFile !== undefined) readFileSync(access.passwordFile);
  }

  async commit({ when, put, get }: Transaction, deadline: Deadline): Promise<Committed> {
    const ranges = get.map((key) => ({ request_range: rangeOf(key) }));
    const puts = put.map(([key, value]) => ({ request_put: { key: base64(key), value: base64(value) } }));
    const compare = when.map(([key, revision]) => ({
      key: base64(key),
      target: 'MOD',
      result: 'EQUAL',
      mod_revision: String(revision),
    }));
    const request = { compare, success: [...puts, ...ranges], failure: ranges };
    const reply = txnReply.parse(await this.call('/v3/kv/txn', request, deadline));
    const found = reply.responses.flatMap(({ response_range: range }) =>
      range === undefined ? [] : [keyValues(range)],
    );
    return { succeeded: reply.succeeded, revision: reply.header.revision, found };
  }

  async compact(revision: number, deadline: Deadline): Promise<void> {
    await this.call('/v3/kv/compaction', { revision: String(revision) }, deadline);
  }

  close(): void {
    this.http.destroy();
    this.https.destroy();
  }

  private async call(path: string, body: object, deadline: Deadline): Promise<unknown> {
    const share = deadline.left / this.endpoints.length;
    for (let tries = 1; ; tries += 1) {
      const endpoint = this.endpoints[this.current]!;
      try {
        return await this.callAs(endpoint, path, body, Math.min(share, deadline.left));
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (error instanceof Refused && FINAL.has(error.code)) throw new CoordinatorLost(`etcd refuses: ${reason}`);
        deadline.reason = `${endpoint.host}: ${reason}`;
        this.current = (this.current + 1) % this.endpoints.length;
        if (tries % this.endpoints.length === 0) await this.pause();
        deadline.check();
      }
    }
  }

  /** With a login if there is a user, and a second time with a new one if it has run out. */
  private async callAs(endpoint: URL, path: string, body: object, milliseconds: number): Promise<unknown> {
    if (this.access.user === undefined) return this.post(endpoint, path, body, milliseconds, undefined);
    try {
      return await this.post(endpoint, path, body, milliseconds, await this.loggedIn(endpoint, milliseconds));
    } catch (error) {
      const isStale = error instanceof Refused && (error.code === UNAUTHENTICATED || STALE_TOKEN.test(error.message));
      if (!isStale) throw error;
      this.token = undefined;
      return this.post(endpoint, path, body, milliseconds, await this.loggedIn(endpoint, milliseconds));
    }
  }

  /** All calls share one login. */
  private async loggedIn(endpoint: URL, milliseconds: number): Promise<string> {
    const login = (this.token ??= this.login(endpoint, milliseconds));
    try {
      return await login;
    } catch (error) {
      if (this.token === login) this.token = undefined;
      throw error;
    }
  }

  private async login(endpoint: URL, milliseconds: number): Promise<string> {
    const { user: name, passwordFile } = this.access;
    const password = passwordFile === undefined ? '' : (await readFile(passwordFile, 'utf8')).replace(/\r?\n$/, '');
    const reply = await this.post(endpoint, '/v3/auth/authenticate', { name, password }, milliseconds, undefined);
    return authReply.parse(reply).token;
  }

  private post(
    endpoint: URL,
    path: string,
    body: object,
    milliseconds: number,
    token: string | undefined,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const text = JSON.stringify(body);
      const [request, agent] = endpoint.protocol === 'https:' ? [requestHttps, this.https] : [requestHttp, this.http];
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
        ...(token === undefined ? {} : { authorization: token }),
      };
      const sent = request(new URL(path, endpoint), { method: 'POST', agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          length += chunk.length;
          if (length > MOST_REPLY_BYTES) sent.destroy(new Error(`more than ${MOST_REPLY_BYTES} bytes in an answer`));
        });
        response.on('end', () => {
          try {
            resolve(resultOf(response.statusCode ?? 0, Buffer.concat(chunks).toString()));
          } catch (error) {
            reject(error);
          }
        });
        response.on('error', reject);
      });
      const late = () => sent.destroy(new Error(`no answer within ${Math.round(milliseconds)} ms`));
      const cancel = this.timing.after(milliseconds, late);
      sent.on('error', reject);
      sent.on('close', () => {
        cancel();
        reject(new Error('closed without an answer'));
      });
      sent.end(text);
    });
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => this.timing.after(PAUSE_MILLISECONDS, resolve));
  }
}

function resultOf(status: number, text: string): unknown {
  const body = parse(text);
  if (status === 200) return body;
  const error = errorReply.safeParse(body);
  if (!error.success) {
    // Such as: passwords are in use, and the client's certificate has a common name, which is a user to etcd but not here.
    const said = `HTTP status ${status}: ${text.slice(0, 200).trim()}`;
    throw status === 400 ? new Refused(INVALID_ARGUMENT, said) : new Error(said);
  }
  throw new Refused(error.data.code, error.data.message ?? error.data.error ?? `code ${error.data.code}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function rangeOf(key: string): object {
  // '0' comes after '/': all keys that begin with the folder.
  return key.endsWith('/') ? { key: base64(key), range_end: base64(`${key.slice(0, -1)}0`) } : { key: base64(key) };
}

function keyValues({ kvs }: z.infer<typeof rangeReply>): KeyValue[] {
  return kvs.map(({ key, value, mod_revision }) => ({ key: text(key), value: text(value), revision: mod_revision }));
}

function base64(value: string): string {
  return Buffer.from(value).toString('base64');
}

function text(value: string): string {
  return Buffer.from(value, 'base64').toString();
}
