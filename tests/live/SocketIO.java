// A Socket.IO server of Java's (netty-socketio): SocketIO PORT. It answers `echo` with `echoed` and an ack, as
// echo_server.py does; over TLS (JSSE) where CERT and KEY in the environment name files.

import com.corundumstudio.socketio.Configuration;
import com.corundumstudio.socketio.SocketIOServer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;

public class SocketIO {
	public static class Payload {
		public int n;
		public String text, token, large;
		public byte[] blob;
	}

	private static InputStream keys(String cert, String key) throws Exception {
		String text = Files.readString(Path.of(key)).replaceAll("-----[A-Z ]*-----", "").replaceAll("\\s", "");
		PrivateKey own = KeyFactory.getInstance("RSA")
		        .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text)));
		try (InputStream in = Files.newInputStream(Path.of(cert))) {
			Certificate made = CertificateFactory.getInstance("X.509").generateCertificate(in);
			KeyStore store = KeyStore.getInstance("PKCS12");
			store.load(null, null);
			store.setKeyEntry("own", own, "password".toCharArray(), new Certificate[] {made});
			ByteArrayOutputStream out = new ByteArrayOutputStream();
			store.store(out, "password".toCharArray());
			return new ByteArrayInputStream(out.toByteArray());
		}
	}

	public static void main(String[] words) throws Exception {
		Configuration configuration = new Configuration();
		configuration.setHostname("127.0.0.1");
		configuration.setPort(Integer.parseInt(words[0]));
		String cert = System.getenv("CERT");
		if (cert != null && !cert.isEmpty()) {
			configuration.setKeyStoreFormat("PKCS12");
			configuration.setKeyStorePassword("password");
			configuration.setKeyStore(keys(cert, System.getenv("KEY")));
		}
		SocketIOServer server = new SocketIOServer(configuration);
		server.addEventListener("echo", Payload.class, (client, payload, ack) -> {
			client.sendEvent("echoed", payload);
			ack.sendAckData("taken");
		});
		server.start();
	}
}
