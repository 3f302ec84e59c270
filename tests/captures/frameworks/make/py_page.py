"""What a page of another scheme sends when TLS ends before the server: a GET of one's own origin carries no Origin, a POST and
a WebSocket do. py_page.py URL HOST ORIGIN SECONDS [HEADER=VALUE…]"""
import sys, time
import requests, websocket

url, host, origin, seconds = sys.argv[1:5]
more = dict(h.split("=", 1) for h in sys.argv[5:])
query, until = f"{url}/socket.io/?EIO=4&transport=", time.time() + float(seconds)


def page(http):
    same = {"Host": host, "Sec-Fetch-Site": "same-origin", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", **more}
    if host.startswith("cross "):  # a page of another origin, whose browser hides answers that it may not see
        same = {**same, "Host": host[6:], "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Origin": origin, "Cookie": "session=1"}
    opened = http.get(query + "polling", headers=same)
    if host.startswith("cross ") and "," in opened.headers["Access-Control-Allow-Origin"]:
        print("blocked", opened.headers["Access-Control-Allow-Origin"])
        return
    sid = opened.text.split('"sid":"')[1][:20]
    said = http.post(f"{query}polling&sid={sid}", data="40", headers={**same, "Origin": origin, "Content-Type": "text/plain;charset=UTF-8"})
    if said.status_code != 200:
        print(said.status_code, said.text)
        return
    for _ in range(2):
        print(http.get(f"{query}polling&sid={sid}", headers=same).text)
    ws = websocket.create_connection(f"{query}websocket&sid={sid}".replace("http", "ws"), origin=origin, host=same["Host"], header=more)
    ws.send("2probe")
    print(ws.recv())
    http.get(f"{query}polling&sid={sid}", headers=same)
    ws.send("5")
    for n in range(4):
        ws.send('42["ask",%d]' % n)
        print(ws.recv())
        time.sleep(1)
    ws.send("41")
    ws.close()


while time.time() < until:
    page(requests.Session())
    time.sleep(1.5)
