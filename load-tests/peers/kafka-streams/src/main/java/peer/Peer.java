package peer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;

/** A Kafka Streams application that does reeve's work in one hop: read, key, look up, write. BROKERS FROM TO COUNT. */
public final class Peer {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final AtomicLong DONE = new AtomicLong();
  private static volatile long begun;

  private record Alert(String subject, String rule, String place, String secret) {}

  private static final ThreadLocal<Mac> MAC =
      ThreadLocal.withInitial(
          () -> {
            try {
              Mac mac = Mac.getInstance("HmacSHA256");
              byte[] key = "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
              mac.init(new SecretKeySpec(key, "HmacSHA256"));
              return mac;
            } catch (java.security.GeneralSecurityException error) {
              throw new IllegalStateException(error);
            }
          });

  public static void main(String[] arguments) throws Exception {
    long count = Long.parseLong(arguments[3]);
    CountDownLatch finished = new CountDownLatch(1);
    StreamsBuilder builder = new StreamsBuilder();
    builder.<byte[], byte[]>stream(arguments[1])
        .map(
            (key, value) -> {
              if (begun == 0) {
                begun = System.nanoTime();
              }
              KeyValue<byte[], byte[]> task = task(key, value);
              if (DONE.incrementAndGet() == count) {
                finished.countDown();
              }
              return task;
            })
        .to(arguments[2]);
    KafkaStreams streams = new KafkaStreams(builder.build(), properties(arguments));
    streams.start();
    finished.await();
    // closing commits what is open
    streams.close(Duration.ofSeconds(30));
    System.out.println(count + " " + (System.nanoTime() - begun) / 1e9);
  }

  private static Properties properties(String[] arguments) throws java.io.IOException {
    Properties properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments[2]);
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
    properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
    properties.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    properties.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.ByteArray().getClass());
    properties.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.ByteArray().getClass());
    properties.put(
        StreamsConfig.STATE_DIR_CONFIG, java.nio.file.Files.createTempDirectory("peer").toString());
    properties.put("auto.offset.reset", "earliest");
    properties.put(StreamsConfig.producerPrefix("batch.size"), 262_144);
    return properties;
  }

  private static KeyValue<byte[], byte[]> task(byte[] key, byte[] value) {
    try {
      Alert alert = read(JSON.readTree(value));
      ObjectNode task = JSON.createObjectNode();
      String place = alert.place();
      if (alert.secret() != null) {
        place = place.replace(alert.secret(), "[redacted]");
      }
      int owner = alert.subject().hashCode() & 15;
      task.put("subject", alert.subject()).put("rule", alert.rule()).put("place", place);
      task.putObject("owner").put("resolver", "team/" + owner).put("application", "app-" + owner);
      task.put("band", alert.secret() == null ? "P3" : "P2").put("state", "open");
      return KeyValue.pair(alert.subject().getBytes(StandardCharsets.UTF_8), JSON.writeValueAsBytes(task));
    } catch (Exception error) {
      return KeyValue.pair(key, "{\"reject\":\"not_json\"}".getBytes(StandardCharsets.US_ASCII));
    }
  }

  private static Alert read(JsonNode alert) throws Exception {
    if (alert.has("RuleID")) {
      String secret = alert.get("Secret").asText();
      return new Alert(keyOf(secret), alert.get("RuleID").asText(), alert.get("File").asText(), secret);
    }
    if (alert.has("DetectorName")) {
      String secret = alert.get("Raw").asText();
      String place = alert.at("/SourceMetadata/Data/Git/file").asText();
      return new Alert(keyOf(secret), alert.get("DetectorName").asText(), place, secret);
    }
    if (alert.has("secret_type")) {
      String secret = alert.get("secret").asText();
      String place = alert.at("/first_location_detected/path").asText();
      return new Alert(keyOf(secret), alert.get("secret_type").asText(), place, secret);
    }
    String resource = alert.get("Resources").get(0).get("Id").asText();
    return new Alert("identity:" + resource, alert.get("GeneratorId").asText(), resource, null);
  }

  private static String keyOf(String secret) throws java.security.NoSuchAlgorithmException {
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8));
    Mac mac = MAC.get();
    mac.update("peer\0".getBytes(StandardCharsets.US_ASCII));
    return "secret:value:hmac:" + HexFormat.of().formatHex(mac.doFinal(digest));
  }
}
