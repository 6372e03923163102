/** What both sides of the subgraphs' HTTP derive their keys from. */
export const SECRET = 'the secret of this benchmark';
