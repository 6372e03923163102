import { Field, ObjectType } from 'type-graphql';
import { User } from '../user/user.entity.js';

@ObjectType({ simpleResolvers: true, description: 'A login that stands for two hours. Its two secrets are shown here once and kept as hashes.' })
export class Session {
  @Field(() => String, { description: 'Proves who one is: send it as `Authorization: Bearer`, `X-Auth-Token` or `token`.' })
  ticket!: string;

  @Field(() => String, { description: 'Checked against the header `CSRFPreventionToken` when that is sent.' })
  csrfPreventionToken!: string;

  @Field(() => Date, { description: 'Two hours after the login; use does not move it.' })
  expiresAt!: Date;

  @Field(() => User, { description: 'Who logged in.' })
  user!: User;
}
