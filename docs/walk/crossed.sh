#!/bin/sh
# crossed.sh ADDRESS DAY DIRECTION: sends that a traveller crossed at Zabaykalsk on that day, and tells the answer.
event='{"id": "ZBK-'$2'", "source": "rus-zabaykalsk-lane-3", "occurred_at": "'$2'T12:00:00+09:00",
 "checkpoint": "RUS-ZABAYKALSK", "direction": "'$3'", "mode": "road", "persons": [{"role": "passenger",
 "nationality": "SRB", "document": {"kind": "passport", "issuer": "SRB", "number": "012345678",
 "issued_on": "2020-01-01", "expires_on": "2030-01-01", "mrz": null}, "visa": null, "permits": [],
 "purpose": "tourism", "stay_extension_until": null}], "observations": []}'
curl -s "$1/v1/crossings" -H "Authorization: Bearer $(cat lane.key)" --json "$event" | python3 -c '
import json, sys
answer = json.load(sys.stdin)
print(sys.argv[1], *sys.argv[2:], answer["outcome"], *[each["rule"] for each in answer["findings"]])' "$2" "$3"
