import { buildSchema } from 'graphql';

/** The part of the graph that the stored operations use, written down by hand for tests of this package alone. */
export const graphSchema = buildSchema(/* GraphQL */ `
  scalar DateTime
  scalar JSON
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type User { username: String! }
  type Session { ticket: String! csrfPreventionToken: String! expiresAt: DateTime! user: User! }
  enum MachineStatus { RUNNING STOPPED }
  type Machine {
    id: ID! name: String cpus: Int! status: MachineStatus! memoryBytes: Float! gpu: String! ip: String!
    maxDiskBytes: Float attributes: JSON!
  }
  type MachineConnection { nodes: [Machine!]! pageInfo: PageInfo! totalCount: Int! }
  type CodeName { code: String! name: String! }
  type ComputingIdentifier {
    organization: CodeName! resourceType: CodeName! region: CodeName! availabilityZone: CodeName! serviceType: CodeName! industry: CodeName!
  }
  type ComputingResource {
    id: ID! identifier: ComputingIdentifier! powerConsumption: Int! cpuPerformance: Int! cpuAvailable: Int! gpuModel: String!
    gpuPerformance: Int! gpuMemory: Int! gpuAvailable: Int! networkDelayMs: Float! networkPerformance: Int! networkIsIxp: Boolean!
    networkIps: String! networkAvailable: String! networkIpsAvailable: String! networkPorts: String! price: Int
  }
  type AvailabilityZone { organization: CodeName! region: CodeName! availabilityZone: CodeName! industry: CodeName! }
  type AvailabilityZoneConnection { nodes: [AvailabilityZone!]! totalCount: Int! }
  type Offer { rank: Int! resource: ComputingResource! }
  type OfferConnection { nodes: [Offer!]! totalCount: Int! }
  type Task { id: ID! offers(first: Int): OfferConnection! resourceUrl: String }
  type VirtualMachine { id: ID! ipv4: String }
  type Done { count: Int! }
  input ResourceFilter { resourceType: String region: String organization: String }
  input LogInInput { username: String! password: String! }
  input RegisterComputingIdentifiersInput { values: [String!]! }
  input ReportInput {
    identifier: String! powerConsumption: Int! cpuPerformance: Int! cpuAvailable: Int! gpuModel: String! gpuPerformance: Int!
    gpuMemory: Int! gpuAvailable: Int! networkDelayMs: Float! networkPerformance: Int! networkIsIxp: Boolean! networkIps: String!
    networkAvailable: String! networkIpsAvailable: String! networkPorts: String! price: Int observedAt: DateTime
  }
  input ReportComputingResourcesInput { reports: [ReportInput!]! }
  input SubmitTaskInput { template: JSON! source: String sessionIdentifier: String clientToken: String }
  input ChooseTaskPathInput { taskId: ID! computingResourceId: ID! accept: Boolean! }
  input LaunchVirtualMachineInput {
    image: String! flavor: String! internetAccess: Boolean name: String! waitSeconds: Int destroyUnlessActive: Boolean clientToken: String
  }
  type Query {
    machines(first: Int, after: String, offset: Int): MachineConnection!
    availabilityZones(filter: ResourceFilter, first: Int, after: String, offset: Int): AvailabilityZoneConnection!
  }
  type Mutation {
    logIn(input: LogInInput!): Session!
    registerComputingIdentifiers(input: RegisterComputingIdentifiersInput!): Done!
    reportComputingResources(input: ReportComputingResourcesInput!): Done!
    submitTask(input: SubmitTaskInput!): Task!
    launchVirtualMachine(input: LaunchVirtualMachineInput!): VirtualMachine!
    destroyVirtualMachine(id: ID!, waitSeconds: Int): VirtualMachine!
    chooseTaskPath(input: ChooseTaskPathInput!): Task!
  }
`);
