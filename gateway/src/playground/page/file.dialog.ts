import { element } from './element.js';
import { inLanguage } from './language.js';

/** Asks the visitor for a file for each of the variables; undefined when none is given. */
export async function chooseFiles(variables: string[]): Promise<Map<string, File> | undefined> {
  const chosen = new Map<string, File>();
  if (variables.length === 0) return chosen;
  const send = element('button', { type: 'submit', value: 'send', textContent: inLanguage({ en: 'Send', zh: '发送' }), disabled: true });
  const inputs = variables.map((variable) => {
    const input = element('input', {
      type: 'file',
      onchange: () => {
        const file = input.files?.[0];
        if (file) chosen.set(variable, file);
        send.disabled = chosen.size < variables.length;
      },
    });
    return element('label', {}, [`$${variable} `, input]);
  });
  const cancel = element('button', { type: 'submit', value: 'cancel', formNoValidate: true, textContent: inLanguage({ en: 'Cancel', zh: '取消' }) });
  const dialog = element('dialog', { className: 'file-dialog' }, [
    element('form', { method: 'dialog' }, [element('h2', { textContent: inLanguage({ en: 'This operation takes a file', zh: '此操作需要文件' }) }), ...inputs, element('footer', {}, [cancel, send])]),
  ]);
  document.body.append(dialog);
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  dialog.remove();
  return dialog.returnValue === 'send' ? chosen : undefined;
}
