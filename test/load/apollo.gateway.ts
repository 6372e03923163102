// @apollo/gateway as it is shipped: its data source, behind the HTTP server of Apollo Server.
import { readFile } from 'node:fs/promises';
import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { given, measured } from './measured.process.js';

const { supergraphFile, urls } = given();
const gateway = new ApolloGateway({ supergraphSdl: await readFile(supergraphFile, 'utf8'), buildService: ({ name }) => new RemoteGraphQLDataSource({ url: `${urls[name]}/graphql` }) });
const { url } = await startStandaloneServer(new ApolloServer({ gateway }), { listen: { host: '127.0.0.1', port: 0 } });
measured(url);
