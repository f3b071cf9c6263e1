import type { PackageConfig } from '../config.ts';
import type { ManagedServer } from '../node/managed-server.ts';
import type { NodePorts, Probe, ProbeAnswers } from '../node/ports.ts';
import { isAnswered, judge, type Verdict } from './verdict.ts';

/** Milliseconds between two looks, while all is well and otherwise. */
const INTERVAL = 1000;
const SUSPICIOUS_INTERVAL = 500;
/** If this process was kept from looking for so long, time that passed says nothing about the server. */
const OVERSLEPT = 1000;

export interface HealthEvents {
  /** False: the server is silent because it must be, and its silence says nothing. */
  isLicensed(): boolean;
  /** Told when the verdict becomes another, and again and again while it is bad. */
  found(verdict: Verdict): void;
}

/** Looks at an active server again and again, until {@link close}. */
export class HealthWatch {
  private readonly ports: Pick<NodePorts, 'clock'>;
  private readonly server: ManagedServer;
  private readonly events: HealthEvents;
  private readonly probe: Probe;
  private state: Verdict['state'] = 'well';
  private closed = false;
  private cancel = () => {};
  private answeredAt: number;
  private lockAnsweredAt: number;
  private readonly rootsAnsweredAt = new Map<string, number>();
  private finished = 0;
  private due = 0;

  constructor(
    ports: Pick<NodePorts, 'clock' | 'probes'>,
    plan: PackageConfig,
    server: ManagedServer,
    events: HealthEvents,
  ) {
    this.ports = ports;
    this.server = server;
    this.events = events;
    this.probe = ports.probes.open(plan);
    this.answeredAt = this.lockAnsweredAt = ports.clock.monotonic();
    this.plan();
  }

  close(): void {
    this.closed = true;
    this.cancel();
    this.probe.close();
  }

  private plan(): void {
    const wait = this.state === 'well' ? INTERVAL : SUSPICIOUS_INTERVAL;
    this.due = this.ports.clock.monotonic() + wait;
    this.cancel = this.ports.clock.after(wait, () => void this.look());
  }

  private async look(): Promise<void> {
    const began = this.ports.clock.monotonic();
    if (began - this.due > OVERSLEPT) this.forgive(began);
    const wasLicensed = this.events.isLicensed();
    const answers = await this.probe.ask(this.server.roots);
    if (this.closed) return;
    const now = this.ports.clock.monotonic();
    if (!wasLicensed || !this.events.isLicensed()) this.forgive(now);
    else this.report(judge(this.observe(answers, began, now)));
    if (!this.closed) this.plan();
  }

  private observe(answers: ProbeAnswers, began: number, now: number) {
    const lives = answers.ping.kind === 'answer';
    if (lives) this.answeredAt = now;
    // While the server as a whole is silent, its parts' silence says nothing.
    if (!lives || answers.lock === undefined || answers.lock.kind === 'answer') this.lockAnsweredAt = now;
    for (const { path, attributes } of answers.roots) {
      if (!lives || isAnswered(attributes)) this.rootsAnsweredAt.set(path, now);
      else if (!this.rootsAnsweredAt.has(path)) this.rootsAnsweredAt.set(path, began);
    }
    const { pulse } = this.server;
    const finished = pulse?.finished ?? 0;
    // What it said before the question says nothing about now.
    const isProgressing = finished > this.finished && pulse !== undefined && pulse.at >= began;
    this.finished = finished;
    return {
      answers,
      unanswered: now - this.answeredAt,
      lockUnanswered: now - this.lockAnsweredAt,
      rootsUnanswered: new Map([...this.rootsAnsweredAt].map(([path, at]) => [path, now - at])),
      pulseAge: pulse === undefined ? now - this.answeredAt : now - pulse.at,
      isProgressing,
    };
  }

  private report(verdict: Verdict): void {
    const isNews = verdict.state !== this.state || verdict.state === 'hung' || verdict.state === 'dead storage';
    this.state = verdict.state;
    if (isNews) this.events.found(verdict);
  }

  private forgive(now: number): void {
    this.answeredAt = this.lockAnsweredAt = now;
    this.rootsAnsweredAt.clear();
  }
}
