// A client in Java, of the JDK alone: says what it is told, prints what it hears, and leaves.
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

public class Client {
  static final LinkedBlockingQueue<String> heard = new LinkedBlockingQueue<>();

  public static void main(String[] arguments) throws Exception {
    WebSocket socket =
        HttpClient.newHttpClient().newWebSocketBuilder().buildAsync(URI.create(arguments[0]), new Ear()).get(20, TimeUnit.SECONDS);
    for (int index = 1; index < arguments.length; index++) {
      socket.sendText(arguments[index], true).get();
      System.out.println(next());
    }
    socket.sendPing(ByteBuffer.wrap("hello".getBytes())).get();
    System.out.println(next());
    socket.sendClose(WebSocket.NORMAL_CLOSURE, "").get();
    System.out.println(next());
  }

  static String next() throws InterruptedException {
    return heard.poll(20, TimeUnit.SECONDS);
  }

  static class Ear implements WebSocket.Listener {
    private final StringBuilder parts = new StringBuilder();

    public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
      parts.append(data);
      if (last) {
        heard.add(parts.toString());
        parts.setLength(0);
      }
      socket.request(1);
      return null;
    }

    public CompletionStage<?> onPong(WebSocket socket, ByteBuffer message) {
      heard.add("pong");
      socket.request(1);
      return null;
    }

    public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
      heard.add("closed " + code);
      return null;
    }
  }
}
