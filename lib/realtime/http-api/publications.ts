/** The methods that publish to channels, and read what they keep. */
import { ruleOf } from '../../channels/channel-rules';
import { inTurns } from '../../delivery/in-turns';
import type { Service } from '../../service';
import { historyOf } from '../channel-reads';
import { once } from '../once';
import type { PublicationDetails } from '../protocol';
import { errors } from '../realtime-errors';
import { answerOf } from './answers';
import {
  assertWithout,
  channelIn,
  dataIn,
  type Fields,
  flagIn,
  objectIn,
  tagsIn,
  textIn,
  textsIn,
  wholeIn,
} from './fields';

const MOST_CHANNELS = 1_000;
const AT_A_TIME = 25;
const MOST_KEY_BYTES = 512;
/** Lambda answers with up to 6 MB. */
const MOST_HISTORY_BYTES = 4 * 1024 * 1024;

export class Publications {
  constructor(private readonly service: Service) {}

  async publish(fields: Fields): Promise<object> {
    return this.#publish(channelIn(fields), fields);
  }

  /** Each channel has an answer of its own. */
  async broadcast(fields: Fields): Promise<object> {
    const channels = textsIn(fields, 'channels', MOST_CHANNELS);
    if (channels.length === 0) throw errors.badRequest('broadcast needs channels');
    const publish = (channel: string) =>
      answerOf(`broadcast to ${channel}`, async () => this.#publish(channelIn({ channel }), fields));
    return { responses: await inTurns(channels, AT_A_TIME, publish) };
  }

  /** Without a limit only the position; with a negative one everything that fits into an answer. */
  async history(fields: Fields): Promise<object> {
    const channel = channelIn(fields);
    const { log } = ruleOf(this.service.channelRules, channel);
    if (!log) throw errors.notAvailable(`history of ${channel}, which has no log`);
    const limit = wholeIn(fields, 'limit') ?? 0;
    const from = objectIn(fields, 'since');
    const since = from && { epoch: textIn(from, 'epoch') ?? '', offset: wholeIn(from, 'offset') ?? 0 };
    const reverse = flagIn(fields, 'reverse');
    return historyOf(this.service, log, { channel, limit, since, reverse, mostBytes: MOST_HISTORY_BYTES });
  }

  /** Lines go when the channel's rule says. A removal could not be told from a line that a member has missed. */
  async removeHistory(): Promise<object> {
    throw errors.notAvailable("history_remove: lines expire as the channel's rule says");
  }

  async #publish(channel: string, fields: Fields): Promise<object> {
    assertWithout(fields, 'version', 'version_epoch');
    const data = dataIn(fields);
    if (data === undefined) throw errors.badRequest('publish has no data');
    if (flagIn(fields, 'skip_history') && ruleOf(this.service.channelRules, channel).log) {
      throw errors.notAvailable(`skip_history in ${channel}, whose members get what its log has`);
    }
    const tags = tagsIn(fields);
    const info: PublicationDetails | undefined = tags && { tags };
    const publish = async () => {
      const { position } = await this.service.channel(channel).publish(data, { ...(info && { info }) });
      return { ...position };
    };
    const idempotencyKey = textIn(fields, 'idempotency_key');
    if (idempotencyKey === undefined) return publish();
    if (Buffer.byteLength(idempotencyKey) > MOST_KEY_BYTES)
      throw errors.badRequest(`idempotency_key must have up to ${MOST_KEY_BYTES} bytes`);
    const key = { pk: `IDEMPOTENT#${this.service.name}#${channel}`, sk: idempotencyKey };
    return once(this.service, { key, name: 'idempotency_key' }, publish);
  }
}
