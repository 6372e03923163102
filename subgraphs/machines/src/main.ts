import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../../../node_modules/.cache/hutong/', import.meta.url)));

const [{ machines, readMachinesSettings }, { runSubgraph }] = await Promise.all([import('./subgraph.js'), import('@hutong/common/remote')]);

process.exit(
  await runSubgraph({
    module: machines,
    async prepare({ users }) {
      const { HUTONG_ADMIN_PASSWORD: given } = readMachinesSettings();
      const { created, username, password } = await users.ensureAdmin(given);
      if (!created) return [];
      return [given === undefined ? `The user ${username} was made; the password is shown this once:  ${password}` : `The user ${username} was made with the password of HUTONG_ADMIN_PASSWORD.`];
    },
  }),
);
