import { sendForm } from '../testkit/http.js';
import type { Actor } from '../testkit/actor.js';
import { asked, twinOf, type Numbers, type Outcome, type Twin } from './twin.js';

// cloud_api: both commands of its page, by the contract and as a GraphQL client would do it.

/** ret_codes, from the document. */
const RET_CODES: Numbers = {
  BAD_INPUT: 2, VM_IMAGE_NOT_FOUND: 3, VM_IMAGE_AMBIGUOUS: 3, VM_FLAVOR_NOT_FOUND: 4, VM_FLAVOR_AMBIGUOUS: 4, VM_INTERNET_ACCESS_INVALID: 5,
  VM_NOT_FOUND: 6, VM_CREATION_FAILED: 7, VM_QUOTA_REFUSED: 7, VM_QUOTA_EXCEEDED: 7, CLOUD_MISCONFIGURED: 8, CLOUD_UNAVAILABLE: 8, CLOUD_NOT_CONFIGURED: 8, UNAUTHENTICATED: 9,
};

/** So long a machine is waited for when nothing is set. */
const WAIT_SECONDS = 120;

/** The keys of a form; what is undefined is not sent. */
export type Form = Record<string, string | undefined>;

async function ofContract(actor: Actor, command: string, form: Form): Promise<Outcome> {
  const fields = Object.fromEntries(Object.entries({ command, ...form }).filter((field): field is [string, string] => field[1] !== undefined));
  const { status, json, text } = await sendForm(actor, '/cloud_api', fields);
  const { ret_code, description, ...data } = json as { ret_code: number; description: string };
  if (status !== (ret_code === 9 ? 401 : 200) || (ret_code === 0) !== (description === 'Success')) throw new Error(`no answer of cloud_api: HTTP ${status} ${text}`);
  return ret_code === 0 ? { data } : { refused: ret_code };
}

const LAUNCH = 'mutation ($input: LaunchVirtualMachineInput!) { launchVirtualMachine(input: $input) { id ipv4 } }';
const DESTROY = 'mutation ($id: ID!) { destroyVirtualMachine(id: $id, waitSeconds: 30) { state } }';

/** Every row of cloud_api. */
export const cloudApiTwins = {
  'POST launch_instance': twinOf<Form>(
    RET_CODES,
    (actor, form) => ofContract(actor, 'launch_instance', form),
    async (actor, { image, flavor, internet, name }) => {
      const internetAccess = internet === 'true' ? true : internet === 'false' ? false : null;
      const { launchVirtualMachine } = await asked(actor, LAUNCH, { input: { image, flavor, internetAccess, name, waitSeconds: WAIT_SECONDS, destroyUnlessActive: true } });
      return { vm_id: launchVirtualMachine.id, vm_ip: launchVirtualMachine.ipv4 };
    },
  ),

  'POST destroy_instance': twinOf<Form>(
    RET_CODES,
    (actor, form) => ofContract(actor, 'destroy_instance', form),
    async (actor, { vm_id: id }) => {
      await asked(actor, DESTROY, { id });
      return {};
    },
  ),
} satisfies Record<string, Twin<never>>;
