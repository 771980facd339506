import { Gate } from './gate.js';
import { Greeter } from './greeter.js';
import { Handshake } from './handshake.js';
import { HelloSender } from './hello-sender.js';
import { Joining } from './joining.js';
import { Leaving } from './leaving.js';
import type { NodeContext } from './node-context.js';
import { LegacyReceiver } from './legacy-receiver.js';
import { PeerExchange } from './peer-exchange.js';
import { Pulse } from './pulse.js';
import { Reach } from './reach.js';
import { Receipts } from './receipts.js';
import { Receiver } from './receiver.js';
import { Reliability } from './reliability.js';
import { Roster } from './roster.js';
import { Router } from './router.js';
import { Sender } from './sender.js';
import { Strangers } from './strangers.js';
import { Watch } from './watch.js';

/** The parts of one node, each with those that it needs. They share their state by the context, and nothing else. */
export class NodeParts {
  readonly roster: Roster;
  readonly reliability: Reliability;
  readonly greeter: Greeter;
  readonly exchange: PeerExchange;
  readonly pulse: Pulse;
  readonly watch: Watch;
  readonly sender: Sender;
  readonly receipts: Receipts;
  readonly gate: Gate;
  readonly joining: Joining;
  readonly leaving: Leaving;

  constructor(context: NodeContext) {
    const hellos = new HelloSender(context);
    const strangers = new Strangers(context, hellos);
    const roster = new Roster(context);
    const reach = new Reach(context);
    const reliability = new Reliability(context, () => this.watch.isolated);
    const { recovery, hearsay, reports } = reliability;
    const greeter = new Greeter(context, hellos, strangers);
    const handshake = new Handshake(context, { roster, reach, recovery, hellos, strangers });
    const exchange = new PeerExchange(context, roster);
    const pulse = new Pulse(context, { roster, exchange, reach, recovery, hearsay });
    const watch = new Watch(context, { roster, reach, recovery });
    const leaving = new Leaving(context);
    const receipts = new Receipts(context);
    const legacy = new LegacyReceiver(context, roster, watch);
    const receiver = new Receiver(context, { roster, reach, pulse, greeter, recovery, reports, legacy, receipts });
    const parts = { roster, reach, greeter, handshake, exchange, pulse, watch };
    this.roster = roster;
    this.reliability = reliability;
    this.greeter = greeter;
    this.exchange = exchange;
    this.pulse = pulse;
    this.watch = watch;
    this.sender = new Sender(context, reliability.tail, receipts);
    this.receipts = receipts;
    const router = new Router(context, { ...parts, receiver, legacy, reliability, leaving, receipts });
    this.gate = new Gate(context, { greeter, receiver, router });
    this.joining = new Joining(context, exchange);
    this.leaving = leaving;
  }
}
