import fc from 'fast-check';
import type { Operation } from './document/openapi.document.js';
import type { Asked } from './oracle.js';
import type { Script } from './wire/conversation.js';
import { cutOff, badlyFramed, wellFramed, byLength, type Framed } from './wire/framing.arbitrary.js';
import { oddHead } from './wire/head.arbitrary.js';
import { headerOf, headOf, withHeaders, type RequestPlan } from './wire/request.plan.js';

/** What is sent over one connection, and what it is. */
export interface FuzzCase {
  script: Script;
  asked: readonly Asked[];
  /** Every request has one answer, in their order; undefined: that is the server's affair, but it has to answer or close. */
  answers?: number;
}

function caseOf(plan: RequestPlan, { parts, outcome, method = plan.method, target = plan.target }: Framed, more: Partial<Asked> = {}, pauseMs = 0): FuzzCase {
  const script = { parts, pauseMs, methods: [method] };
  if (outcome === 'whole') return { script: { ...script, answers: 1, sender: 'stays' }, asked: [{ method, target, ...more }], answers: 1 };
  return { script: { ...script, answers: Number.POSITIVE_INFINITY, sender: outcome === 'broken' ? 'stays' : 'lingers' }, asked: [{ method, target, ...more, isOdd: true }] };
}

/** What a head may be long, so that it is taken: Node takes 16 KiB. */
const LONGEST_HEAD = 15_000;
const isTaken = (plan: RequestPlan): boolean => headOf(plan).length < LONGEST_HEAD;

/** Requests that are sent as they are. */
export const sent = (plans: fc.Arbitrary<RequestPlan>, more: { operation?: Operation; isValid?: boolean } = {}): fc.Arbitrary<FuzzCase> =>
  plans.filter(isTaken).chain((plan) => wellFramed(plan).map((framed) => caseOf(plan, framed, more)));

/** Requests whose HTTP is odd, or broken. */
export const sentBadly = (plans: fc.Arbitrary<RequestPlan>): fc.Arbitrary<FuzzCase> =>
  plans.filter(isTaken).chain((plan) =>
    fc.oneof(
      { weight: 5, arbitrary: oddHead(plan).map((framed) => caseOf(plan, framed)) },
      { weight: 4, arbitrary: badlyFramed(plan).map((framed) => caseOf(plan, framed)) },
      { weight: 2, arbitrary: cutOff(plan).map((framed) => caseOf(plan, framed)) },
      { weight: 1, arbitrary: cutOff(plan).map((framed) => reset(caseOf(plan, framed))) },
      { weight: 1, arbitrary: fc.constant(reset(caseOf(plan, byLength(plan)))) },
      { weight: 1, arbitrary: fc.tuple(wellFramed(plan), fc.boolean()).map(([framed, alsoWaits]) => caseOf(plan, expecting(plan, framed, alsoWaits))) },
      { weight: 1, arbitrary: slow(plan) },
    ));

const reset = (odd: FuzzCase): FuzzCase => ({ script: { ...odd.script, answers: Number.POSITIVE_INFINITY, sender: 'breaks' }, asked: odd.asked.map((asked) => ({ ...asked, isOdd: true })) });

/** A sender that would wait for `100 Continue`, and does or does not. */
function expecting(plan: RequestPlan, { parts, outcome }: Framed, alsoWaits: boolean): Framed {
  const text = Buffer.concat([...parts]).toString('latin1').replace('\r\n', '\r\nExpect: 100-continue\r\n');
  const end = text.indexOf('\r\n\r\n') + 4;
  const whole = Buffer.from(text, 'latin1');
  return { outcome: plan.body === undefined ? 'open' : outcome, parts: alsoWaits ? [whole.subarray(0, end), whole.subarray(end)] : [whole] };
}

/** In pieces with pauses between them. */
const slow = (plan: RequestPlan): fc.Arbitrary<FuzzCase> =>
  fc.tuple(wellFramed(plan), fc.integer({ min: 2, max: 20 }), fc.integer({ min: 1, max: 15 })).map(([{ parts, outcome }, pieces, pauseMs]) => {
    const whole = Buffer.concat([...parts]);
    const size = Math.ceil(whole.length / pieces);
    return caseOf(plan, { outcome, parts: Array.from({ length: pieces }, (_, at) => whole.subarray(at * size, (at + 1) * size)).filter(({ length }) => length > 0) }, {}, pauseMs);
  });

/** Several requests at once over one connection, the last of which says that it is the last; each has an id of its own. */
export const pipelined = (plans: fc.Arbitrary<RequestPlan>): fc.Arbitrary<FuzzCase> =>
  fc.array(plans.filter(isTaken), { minLength: 2, maxLength: 6 }).chain((chosen) => {
    const named = chosen.map((plan, at) => withHeaders(plan, { 'x-request-id': `pipelined-${at}`, connection: at === chosen.length - 1 ? 'close' : undefined }));
    return fc.tuple(fc.tuple(...named.map(wellFramed)), fc.boolean()).map(([framed, apart]): FuzzCase => {
      const parts = framed.flatMap((one) => one.parts);
      return {
        script: { parts: apart ? parts : [Buffer.concat(parts)], methods: named.map(({ method }) => method), answers: Number.POSITIVE_INFINITY, sender: 'stays' },
        asked: named.map((plan) => ({ method: plan.method, target: plan.target, requestId: headerOf(plan, 'x-request-id')! })),
        answers: named.length,
      };
    });
  });
