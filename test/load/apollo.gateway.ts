// @apollo/gateway as it is shipped: its data source, behind the HTTP server of Apollo Server.
import { readFile } from 'node:fs/promises';
import { ApolloGateway } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { given, measured } from './measured.process.ts';

const gateway = new ApolloGateway({ supergraphSdl: await readFile(given().supergraphFile, 'utf8') });
const { url } = await startStandaloneServer(new ApolloServer({ gateway }), { listen: { host: '127.0.0.1', port: 0 } });
measured(url);
