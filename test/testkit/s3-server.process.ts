// An S3 server, in a process of its own; it keeps what it has in the folder that it is given, in SQLite. Prints its port.
import { startFauxqs } from 'fauxqs';

const [folder, bucket] = process.argv.slice(2) as [string, string];
const server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false, dataDir: folder });
server.createBucket(bucket);
console.log(server.port);
