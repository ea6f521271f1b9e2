/** InterSystems' tutorial chat, ported line by line: a shared socket whose Server() reads in a loop. */
import { WebSocketClosedError, WebSocketServer, WebSocketTimeoutError } from 'shared-connection';

export class ChatServer extends WebSocketServer {
  // Method Server() As %Status {
  override async server(resumed?: object): Promise<void> {
    // do ..StatusUpdate(..WebSocketID)                     another invocation that goes on with the loop says nothing
    if (!resumed) await this.#statusUpdate();
    // for {
    for (;;) {
      let data: string;
      try {
        // set data=..Read(.size,.sc,1)
        data = await this.read({ timeoutSeconds: 1 });
      } catch (error) {
        // if ($$$GETERRORCODE(sc)=$$$CSPWebSocketTimeout) { }
        if (error instanceof WebSocketTimeoutError) continue;
        // if ($$$GETERRORCODE(sc)=$$$CSPWebSocketClosed) { … quit }
        if (error instanceof WebSocketClosedError) return;
        throw error; // the handover: let it pass
      }
      // if data["User"{ do ..AddUser(data,..WebSocketID) }
      const message = JSON.parse(data) as { User?: string; Message?: string; Author?: string };
      if (message.User !== undefined) await this.#addUser(message.User);
      // else { … do ..ProcessMessage(mid) }
      else await this.#processMessage(message);
    }
  }

  // do ..RemoveUser($g(^Chat.Users(..WebSocketID)))        in OnPostServer, since a client may go while nobody reads
  override async onPostServer(): Promise<void> {
    await this.#sendUsers();
  }

  async #statusUpdate(): Promise<void> {
    const text = Buffer.from(`Connected as ${this.webSocketId}`).toString('base64');
    await this.write(JSON.stringify({ Type: 'Status', Message: text, WSID: this.webSocketId }));
  }

  // set ^Chat.Users(WebSocketID)=alias                     a second alias takes the place of the first
  async #addUser(alias: string): Promise<void> {
    await this.identify({ user: alias });
    await this.#sendUsers();
  }

  async #sendUsers(): Promise<void> {
    const users: { User: string }[] = [];
    // set c = $order(^Chat.Users(c))
    for await (const { user } of this.service.members()) if (user) users.push({ User: user });
    await this.#sendData({ Type: 'userlist', Users: users });
  }

  // ClassMethod ProcessMessage(mid As %String) {
  async #processMessage({ Message, Author }: { Message?: string; Author?: string }): Promise<void> {
    // set msg.Type="Chat"   set msg.Sent=$ZDATETIME($HOROLOG,3)   do ..SendData(msg)
    const Sent = new Date().toISOString().slice(0, 19).replace('T', ' ');
    await this.#sendData({ Type: 'Chat', Message, Author, Sent });
  }

  // ClassMethod SendData(data As %DynamicObject) {
  async #sendData(data: object): Promise<void> {
    // for { set c = $order(^Chat.WebSocketConnections(c)) … ws.OpenServer(c) … ws.Write(data.%ToJSON()) }
    await this.service.deliver(JSON.stringify(data));
  }
}
