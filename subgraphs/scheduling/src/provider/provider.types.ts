import { Field, InputType, Int } from 'type-graphql';

/** What to save of a provider. A field left out stays as it is; null clears it. */
@InputType({ description: 'What to save of a provider. A field left out keeps its value, null clears it.' })
export class SaveProviderInput {
  @Field(() => String, { description: "The organization's 5-digit code." })
  organization!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'An http or https URL of at most 2,048 characters with placeholders `{ip}` and `{port}` (first available address and first port; IPv6 in brackets where a host stands), `{task_id}`, `{computing_resource_id}`, `{computing_id}`. Values are percent-encoded.',
  })
  urlTemplate?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'An http or https URL without user, password and fragment. Private addresses only within SCHEDULING_WEBHOOK_ALLOWED_NETWORKS. Needs a webhookSecret, given now or before.',
  })
  webhookUrl?: string | null;

  @Field(() => String, { nullable: true, description: 'Signs the webhook calls; 16 to 255 characters. Never shown again.' })
  webhookSecret?: string | null;

  @Field(() => Int, { nullable: true, description: 'How long one try of the webhook may take, in seconds, 1 to 20; null sets the default of 5.' })
  allocationTimeoutSeconds?: number | null;
}
