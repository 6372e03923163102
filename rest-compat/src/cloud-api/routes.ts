import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { route, type OperationRoute, type Route } from '../engine/contract.js';
import { fieldName } from '../engine/field.name.js';
import { storable, storableTextUpTo } from '../engine/value.shapes.js';

/** What the cloud looks up: one that no text of ours can be is not there. An empty one is sent, and names nothing. */
const lookedUp = z.string({ error: 'text' }).transform(storable);

const launch = z.object({
  image: lookedUp.meta({ en: 'The name or the id of an image.', zh: '镜像名称或 id' }),
  flavor: lookedUp.meta({ en: 'The name or the id of a flavor: CPUs, memory, disk.', zh: '虚拟机的配置选择（flavor 名称或 id）' }),
  // Looked at after image, flavor and network, so that it is not refused here.
  internet: z.string({ error: 'true or false' }).transform((text) => (text === 'true' ? true : text === 'false' ? false : null))
    .meta({ enum: ['true', 'false'], en: 'Whether the machine may reach the internet: better not for exams.', zh: '是否允许虚拟机访问公网：为考生分配的建议不允许，为老师分配的建议允许' }),
  name: storableTextUpTo(255).meta({ en: 'The name of the machine; may repeat.', zh: '虚拟机名称，可重复，建议为考试名+考生学号' }),
});

const destroy = z.object({ vm_id: lookedUp.meta({ en: 'What launch_instance answered.', zh: '虚拟机的 id，即调用 launch_instance 时返回的 id' }) });

interface LaunchInstanceData {
  launchVirtualMachine: { id: string; ipv4: string };
}

/** So long a destroyed machine is waited for, so that it is gone when the answer comes. */
const DESTROY_WAIT_SECONDS = 30;

/** The description names the code's meaning; what is left to say is which argument, or what the cloud said. */
const wording: OperationRoute<unknown, unknown>['wording'] = (code, { path, missing, message }) => {
  if (missing && path) return fieldName(path);
  return code === 'BAD_INPUT' ? undefined : message;
};

/** cloud_api: virtual machines for exams and teachers. */
export const routes: readonly Route[] = [
  route<z.output<typeof launch>, LaunchInstanceData>({
    method: 'POST',
    path: '',
    command: 'launch_instance',
    summary: { en: 'A virtual machine that runs and has its address; when it does not come in time nothing of it stays.', zh: '创建虚拟机' },
    credential: 'required',
    takes: { from: 'form', shape: launch },
    operation: 'LaunchInstance',
    refuses: ['CONFLICT', 'CLOUD_NOT_CONFIGURED', 'VM_IMAGE_NOT_FOUND', 'VM_IMAGE_AMBIGUOUS', 'VM_FLAVOR_NOT_FOUND', 'VM_FLAVOR_AMBIGUOUS', 'CLOUD_MISCONFIGURED', 'CLOUD_UNAVAILABLE', 'VM_INTERNET_ACCESS_INVALID', 'VM_QUOTA_EXCEEDED', 'VM_CREATION_FAILED'],
    variables: ({ image, flavor, internet, name }, { waitSeconds }) => ({ input: { image, flavor, internetAccess: internet, name, waitSeconds, destroyUnlessActive: true, clientToken: randomUUID() } }),
    waits: ({ waitSeconds }) => waitSeconds,
    result: ({ launchVirtualMachine: { id, ipv4 } }) => ({ vm_id: id, vm_ip: ipv4 }),
    answers: z.object({
      vm_id: z.string().meta({ en: 'Names the machine in every other call.', zh: '唯一指定该虚拟机，后续操作传入此参数' }),
      vm_ip: z.ipv4().meta({ en: 'Its address, where the desktop client connects.', zh: '虚拟机的 IPv4 地址，虚拟桌面客户端可通过该地址连接' }),
    }),
    example: { takes: { image: 'xubuntu-14.04-desktop-x86', flavor: 'm1.small', internet: 'false', name: 'final_exam_141242022' }, answers: { vm_id: '8f14e45f-ceea-467f-a8f1-0d1d2c9c2a17', vm_ip: '192.168.1.20' } },
    undo: {
      operation: 'DestroyInstance',
      variables: ({ launchVirtualMachine: { id } }) => ({ id, waitSeconds: 0 }),
      // The machine of this token, if it is ACTIVE; else it is destroyed, as nobody waits for it.
      again: ({ input }) => ({ input: { ...(input as object), waitSeconds: 0 } }),
    },
    fields: { 'input.internetAccess': 'internet' },
    wording,
  }),
  route<z.output<typeof destroy>, unknown>({
    method: 'POST',
    path: '',
    command: 'destroy_instance',
    summary: { en: 'Releases everything that a virtual machine held.', zh: '销毁虚拟机' },
    credential: 'required',
    takes: { from: 'form', shape: destroy },
    operation: 'DestroyInstance',
    refuses: ['VM_NOT_FOUND'],
    variables: ({ vm_id: id }) => ({ id, waitSeconds: DESTROY_WAIT_SECONDS }),
    waits: () => DESTROY_WAIT_SECONDS,
    result: () => ({}),
    answers: z.object({}),
    example: { takes: { vm_id: '8f14e45f-ceea-467f-a8f1-0d1d2c9c2a17' }, answers: {} },
    fields: { id: 'vm_id' },
    wording,
  }),
];
