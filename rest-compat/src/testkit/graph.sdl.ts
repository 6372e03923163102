import { buildSchema } from 'graphql';

/** The part of the graph that the stored operations use, written down by hand for tests of this package alone. */
export const graphSchema = buildSchema(/* GraphQL */ `
  scalar DateTime
  scalar JSON
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  scalar Upload
  enum SortDirection { ASCENDING DESCENDING }
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
  enum JobState { UNAPPROVED QUEUED SCHEDULING RUNNING PAUSING PAUSED KILLING FINISHED FAILED ERROR KILLED }
  enum JobOrder { CREATED_AT NAME STATE }
  type Notebook {
    id: ID! name: String! engine: String! deviceType: String! deviceNum: Int! codePath: String description: String state: JobState!
    createdAt: DateTime! openUrl: String
  }
  type NotebookConnection { nodes: [Notebook!]! totalCount: Int! }
  type LogPage { text: String! cursor: String! }
  type NumberedLogPage { text: String! cursor: String! pageCount: Int! }
  type Training {
    id: ID! name: String! engine: String! deviceType: String! deviceNum: Int! codePath: String startupFile: String! outputPath: String
    datasetPath: String params: JSON! description: String state: JobState! stateReason: String createdAt: DateTime! startedAt: DateTime
    endedAt: DateTime exitCode: Int jobTrainingType: String! numPs: Int numPsWorker: Int
    log(after: String, first: Int): LogPage!
    logPage(pageNum: Int): NumberedLogPage!
  }
  type TrainingConnection { nodes: [Training!]! totalCount: Int! }
  enum ArtifactOrder { CREATED_AT UPDATED_AT NAME SIZE }
  type Model {
    id: ID! name: String! description: String version: String! isPrivate: Boolean! sizeBytes: Float! fileCount: Int! path: String!
    createdAt: DateTime! updatedAt: DateTime! creator: String! downloadUrl: String! format: String! use: String engine: String precision: String
    params: JSON training: Training
  }
  type ModelConnection { nodes: [Model!]! totalCount: Int! }
  type Dataset {
    id: ID! name: String! description: String version: String! isPrivate: Boolean! sizeBytes: Float! fileCount: Int! path: String!
    createdAt: DateTime! updatedAt: DateTime! creator: String! downloadUrl: String!
  }
  type DatasetConnection { nodes: [Dataset!]! totalCount: Int! }
  type FileSet { path: String! }
  type InferenceService {
    id: ID! name: String! description: String engine: String! deviceType: String! deviceNum: Int! state: JobState! stateReason: String
    createdAt: DateTime! requests: Float! failed: Float! latencyMs: Float model: Model
  }
  type InferenceServiceConnection { nodes: [InferenceService!]! totalCount: Int! }
  type UploadedImage { id: ID! }
  type RecognizedLabel { label: String! score: Float! }
  type RecognizedBox { label: String! score: Float! x: Float! y: Float! width: Float! height: Float! }
  type Recognition { task: String! labels: [RecognizedLabel!]! boxes: [RecognizedBox!]! pictureUrl: String }
  enum FilePurpose { CODE DATASET MODEL }
  input JobFilter { states: [JobState!] search: String }
  input CreateNotebookInput { name: String! engine: String! codePath: String deviceType: String deviceNum: Int description: String }
  input CreateTrainingInput {
    name: String! engine: String! codePath: String startupFile: String datasetPath: String outputPath: String params: JSON description: String
    deviceType: String deviceNum: Int jobTrainingType: String numPs: Int numPsWorker: Int clientToken: String
  }
  input ModelFilter { name: String use: String }
  input RegisterModelInput {
    name: String! description: String path: String trainingId: ID use: String engine: String precision: String params: JSON
  }
  input CreateInferenceServiceInput { name: String! modelId: ID modelPath: String deviceType: String deviceNum: Int description: String clientToken: String waitSeconds: Int }
  input UploadImageInput { serviceId: ID! image: Upload! }
  input RecognizeImageInput { serviceId: ID! image: Upload imageId: ID top: Int minScore: Float picture: Boolean waitSeconds: Int }
  input DatasetFilter { name: String isPrivate: Boolean }
  input RegisterDatasetInput { name: String! description: String path: String! isPrivate: Boolean }
  input UploadFilesInput { file: Upload! purpose: FilePurpose! dir: String isPrivate: Boolean }
  type Query {
    notebook(id: ID!): Notebook
    notebooks(filter: JobFilter, orderBy: JobOrder, direction: SortDirection, first: Int, offset: Int): NotebookConnection
    training(id: ID!): Training
    trainings(filter: JobFilter, orderBy: JobOrder, direction: SortDirection, first: Int, offset: Int): TrainingConnection
    model(id: ID!): Model
    models(filter: ModelFilter, orderBy: ArtifactOrder, direction: SortDirection, first: Int, offset: Int): ModelConnection
    inferenceService(id: ID!): InferenceService
    inferenceServices(filter: JobFilter, orderBy: JobOrder, direction: SortDirection, first: Int, offset: Int): InferenceServiceConnection
    dataset(id: ID!): Dataset
    datasets(filter: DatasetFilter, orderBy: ArtifactOrder, direction: SortDirection, first: Int, offset: Int): DatasetConnection
    machines(first: Int, after: String, offset: Int): MachineConnection!
    availabilityZones(filter: ResourceFilter, first: Int, after: String, offset: Int): AvailabilityZoneConnection!
  }
  type Mutation {
    uploadFiles(input: UploadFilesInput!): FileSet!
    createNotebook(input: CreateNotebookInput!): Notebook!
    deleteNotebook(id: ID!): Boolean!
    describeNotebook(id: ID!, description: String!): Notebook!
    createTraining(input: CreateTrainingInput!): Training!
    stopTraining(id: ID!): Training!
    deleteTraining(id: ID!): Boolean!
    registerModel(input: RegisterModelInput!): Model!
    deleteModel(id: ID!): Boolean!
    registerDataset(input: RegisterDatasetInput!): Dataset!
    deleteDataset(id: ID!): Boolean!
    createInferenceService(input: CreateInferenceServiceInput!): InferenceService!
    deleteInferenceService(id: ID!): Boolean!
    uploadImage(input: UploadImageInput!): UploadedImage!
    recognizeImage(input: RecognizeImageInput!): Recognition!
    logIn(input: LogInInput!): Session!
    registerComputingIdentifiers(input: RegisterComputingIdentifiersInput!): Done!
    reportComputingResources(input: ReportComputingResourcesInput!): Done!
    submitTask(input: SubmitTaskInput!): Task!
    launchVirtualMachine(input: LaunchVirtualMachineInput!): VirtualMachine!
    destroyVirtualMachine(id: ID!, waitSeconds: Int): VirtualMachine!
    chooseTaskPath(input: ChooseTaskPathInput!): Task!
  }
`);
