-- A database as evhub 0.1 left it with the tables of 0004: some rows of each, from a simulated site that was killed again and again.
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0004');
CREATE TABLE boots (
	id INTEGER NOT NULL, 
	boot_id VARCHAR(32) NOT NULL, 
	version VARCHAR(40) NOT NULL, 
	began_at BIGINT NOT NULL, 
	ended_at BIGINT, 
	PRIMARY KEY (id)
);
INSERT INTO "boots" VALUES(1,'dbf4e0e2762b424fa7be283ab6d654c7','0.1.0',1795604592544,NULL);
INSERT INTO "boots" VALUES(2,'26bdccdce24245a3805cbfe66ae6a209','0.1.0',1795604600606,NULL);
INSERT INTO "boots" VALUES(3,'9bf265ef3da04b2e98ad22016a1e244b','0.1.0',1795604606917,NULL);
INSERT INTO "boots" VALUES(4,'792536d160a1477c8d05bf5de75277a6','0.1.0',1795604612555,NULL);
INSERT INTO "boots" VALUES(5,'921e5ba4bff24c2f9b1c68cd80b1391b','0.1.0',1795604619708,NULL);
INSERT INTO "boots" VALUES(6,'abe13aa2738e400ca6c652293894ebb4','0.1.0',1795604626403,NULL);
INSERT INTO "boots" VALUES(7,'066aa3de879942d4931af2193f197ccb','0.1.0',1795604630892,NULL);
INSERT INTO "boots" VALUES(8,'fc70dfde372046348492357f6c7b9ca7','0.1.0',1795604636766,NULL);
INSERT INTO "boots" VALUES(9,'684cca1782d540d393d8cbec8a0a1ef1','0.1.0',1795604644837,NULL);
INSERT INTO "boots" VALUES(10,'e5587d5f43184b2481bc18cef1077cb8','0.1.0',1795604651384,NULL);
INSERT INTO "boots" VALUES(11,'11a4bd0c81b24319b4a5a69ee9c52229','0.1.0',1795604658298,NULL);
INSERT INTO "boots" VALUES(12,'e89915f663524f94b7b69ad156394d30','0.1.0',1795604664500,NULL);
CREATE TABLE changes (
	subject INTEGER NOT NULL, 
	at INTEGER NOT NULL, 
	state INTEGER, 
	limit_da INTEGER, 
	held_da INTEGER, 
	limiter INTEGER, 
	circuit INTEGER, 
	phase INTEGER, 
	text BIGINT, 
	PRIMARY KEY (subject, at)
)
 WITHOUT ROWID

;
INSERT INTO "changes" VALUES(1,1795604592,NULL,320,NULL,7,NULL,NULL,245426648670934);
INSERT INTO "changes" VALUES(1,1795604593,NULL,320,NULL,7,NULL,NULL,49172370269214);
INSERT INTO "changes" VALUES(1,1795604594,NULL,320,NULL,7,NULL,NULL,208549591068918);
INSERT INTO "changes" VALUES(1,1795604598,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "changes" VALUES(1,1795604612,NULL,320,NULL,7,NULL,NULL,245426648670934);
INSERT INTO "changes" VALUES(1,1795604614,NULL,320,NULL,7,NULL,NULL,238456733892060);
INSERT INTO "changes" VALUES(1,1795604615,1,0,0,5,NULL,NULL,266899122857435);
INSERT INTO "changes" VALUES(1,1795604618,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "changes" VALUES(1,1795604636,NULL,320,NULL,7,NULL,NULL,245426648670934);
INSERT INTO "changes" VALUES(1,1795604638,5,0,0,7,NULL,NULL,133697565341138);
INSERT INTO "changes" VALUES(1,1795604639,5,0,0,7,NULL,NULL,37401540492954);
INSERT INTO "changes" VALUES(1,1795604640,5,0,0,11,NULL,NULL,37401540492954);
CREATE TABLE cursors (
	reader VARCHAR(60) NOT NULL, 
	no BIGINT NOT NULL, 
	moved_at BIGINT NOT NULL, 
	PRIMARY KEY (reader)
);
CREATE TABLE epochs (
	id INTEGER NOT NULL, 
	epoch VARCHAR(32) NOT NULL, 
	base BIGINT NOT NULL, 
	began_at BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "epochs" VALUES(1,'21748ffc6445495e8de525f9e80f9091',0,1795604592543);
CREATE TABLE five_minutes (
	subject INTEGER NOT NULL, 
	at INTEGER NOT NULL, 
	known_s INTEGER NOT NULL, 
	power_min_w INTEGER, 
	power_mean_w INTEGER, 
	power_max_w INTEGER, 
	l1_min_ca INTEGER, 
	l1_mean_ca INTEGER, 
	l1_max_ca INTEGER, 
	l2_min_ca INTEGER, 
	l2_mean_ca INTEGER, 
	l2_max_ca INTEGER, 
	l3_min_ca INTEGER, 
	l3_mean_ca INTEGER, 
	l3_max_ca INTEGER, 
	energy_wh BIGINT, 
	export_wh BIGINT, 
	register_wh BIGINT, 
	export_register_wh BIGINT, 
	states VARCHAR(200), 
	limiters VARCHAR(200), 
	PRIMARY KEY (subject, at)
)
 WITHOUT ROWID

;
INSERT INTO "five_minutes" VALUES(1,1795604700,52,0,526,3082,0,229,1340,0,0,0,0,0,0,34,NULL,37,NULL,'1:4,2:1,3:7,5:44','5:4,7:86,11:25');
INSERT INTO "five_minutes" VALUES(2,1795604700,49,0,2456,9246,0,197,1340,0,509,1400,0,362,1400,173,NULL,226,NULL,'1:8,2:4,3:15,5:29','2:1,5:8,7:85,11:21');
INSERT INTO "five_minutes" VALUES(3,1795604700,45,0,3691,15387,0,586,2230,0,433,2230,0,586,2230,196,NULL,205,NULL,'1:8,2:7,3:14,5:28','2:4,5:7,7:80,11:24');
INSERT INTO "five_minutes" VALUES(4,1795604700,48,0,2694,9660,0,486,1600,0,486,1600,0,200,1400,144,NULL,207,NULL,'1:6,2:9,3:13,5:29','2:5,5:6,7:81,11:23');
INSERT INTO "five_minutes" VALUES(5,1795604700,55,0,2088,6900,0,109,1000,0,400,1340,0,400,1340,129,NULL,129,NULL,'1:3,2:2,3:16,5:39','1:1,2:3,5:3,7:85,11:23');
INSERT INTO "five_minutes" VALUES(6,1795604700,39,0,1443,15387,0,209,2230,0,209,2230,0,209,2230,121,NULL,141,NULL,'1:8,2:4,3:4,5:33','2:4,5:8,7:83,11:20');
INSERT INTO "five_minutes" VALUES(7,1795604700,70,0,731,3634,0,318,1580,0,0,0,0,0,0,72,NULL,97,NULL,'1:15,3:18,5:38,20:44','1:1,2:4,5:15,7:76,11:19');
INSERT INTO "five_minutes" VALUES(8,1795604700,73,0,673,3634,0,0,0,0,293,1580,0,0,0,60,NULL,65,NULL,'1:6,3:16,5:52,20:41','1:1,2:3,5:6,7:79,11:26');
INSERT INTO "five_minutes" VALUES(9,1795604700,95,2755,12129,52791,399,1855,8041,399,1925,9054,399,1494,5865,1132,0,3001387,0,NULL,NULL);
INSERT INTO "five_minutes" VALUES(10,1795604700,43,0,6620,23000,0,1125,4020,0,881,3830,0,873,3800,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "five_minutes" VALUES(11,1795604700,89,2755,12307,52757,399,1845,8023,399,1948,9045,399,1558,5865,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE hours (
	subject INTEGER NOT NULL, 
	at INTEGER NOT NULL, 
	known_s INTEGER NOT NULL, 
	power_min_w INTEGER, 
	power_mean_w INTEGER, 
	power_max_w INTEGER, 
	l1_min_ca INTEGER, 
	l1_mean_ca INTEGER, 
	l1_max_ca INTEGER, 
	l2_min_ca INTEGER, 
	l2_mean_ca INTEGER, 
	l2_max_ca INTEGER, 
	l3_min_ca INTEGER, 
	l3_mean_ca INTEGER, 
	l3_max_ca INTEGER, 
	energy_wh BIGINT, 
	export_wh BIGINT, 
	register_wh BIGINT, 
	export_register_wh BIGINT, 
	states VARCHAR(200), 
	limiters VARCHAR(200), 
	PRIMARY KEY (subject, at)
)
 WITHOUT ROWID

;
CREATE TABLE journal (
	no INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	boot INTEGER NOT NULL, 
	written_at BIGINT NOT NULL, 
	mono_ms BIGINT NOT NULL, 
	clock_synced BOOLEAN, 
	name VARCHAR(60) NOT NULL, 
	keeping VARCHAR(10) NOT NULL, 
	subject VARCHAR(100), 
	data TEXT NOT NULL, 
	PRIMARY KEY (no)
);
INSERT INTO "journal" VALUES(1,1,1,1795604592546,4218751,0,'hub_started','kept',NULL,'{"at":"2026-11-25T11:03:12.545Z","version":"0.1.0","boot_id":"dbf4e0e2762b424fa7be283ab6d654c7","clean":null}');
INSERT INTO "journal" VALUES(2,1,1,1795604592560,4218765,0,'device_adopted','kept',NULL,'{"at":"2026-11-25T11:03:12.559Z","kind":"charger","device":"bay-1","station":"KT-CP01-a3160e"}');
INSERT INTO "journal" VALUES(3,1,1,1795604592560,4218765,0,'device_adopted','kept',NULL,'{"at":"2026-11-25T11:03:12.559Z","kind":"charger","device":"bay-2","station":"KT-CP01-a3160e"}');
INSERT INTO "journal" VALUES(4,1,1,1795604592560,4218765,0,'device_adopted','kept',NULL,'{"at":"2026-11-25T11:03:12.559Z","kind":"charger","device":"bay-3","station":"KT-CP02-a3160e"}');
INSERT INTO "journal" VALUES(5,1,1,1795604592560,4218765,0,'device_adopted','kept',NULL,'{"at":"2026-11-25T11:03:12.559Z","kind":"charger","device":"bay-4","station":"KT-CP02-a3160e"}');
INSERT INTO "journal" VALUES(6,1,1,1795604592560,4218765,0,'device_adopted','kept',NULL,'{"at":"2026-11-25T11:03:12.559Z","kind":"charger","device":"bay-5","station":"KT-CP03-a3160e"}');
INSERT INTO "journal" VALUES(7,1,1,1795604592560,4218765,0,'device_adopted','kept',NULL,'{"at":"2026-11-25T11:03:12.559Z","kind":"charger","device":"bay-6","station":"KT-CP04-a3160e"}');
INSERT INTO "journal" VALUES(8,1,1,1795604592560,4218765,0,'device_adopted','kept',NULL,'{"at":"2026-11-25T11:03:12.559Z","kind":"charger","device":"bay-7","station":"02115925D4C1"}');
INSERT INTO "journal" VALUES(9,1,1,1795604592560,4218765,0,'device_adopted','kept',NULL,'{"at":"2026-11-25T11:03:12.559Z","kind":"charger","device":"bay-8","station":"02586BA69C94"}');
INSERT INTO "journal" VALUES(10,1,1,1795604592560,4218765,0,'device_adopted','kept',NULL,'{"at":"2026-11-25T11:03:12.559Z","kind":"meter","device":"main","station":"02CD52628B11"}');
INSERT INTO "journal" VALUES(11,1,1,1795604592625,4218830,0,'status_changed','status','bay-6','{"at":"2026-11-25T11:03:12.625Z","charger":"bay-6","before":null,"after":"available","fault":null}');
INSERT INTO "journal" VALUES(12,1,1,1795604592627,4218832,0,'charger_connected','status','bay-6','{"at":"2026-11-25T11:03:12.626Z","charger":"bay-6"}');
INSERT INTO "journal" VALUES(13,1,1,1795604593271,4219477,0,'meter_connected','status','main','{"at":"2026-11-25T11:03:13.271Z","meter":"main"}');
INSERT INTO "journal" VALUES(14,1,1,1795604593768,4219974,0,'status_changed','status','bay-8','{"at":"2026-11-25T11:03:13.767Z","charger":"bay-8","before":null,"after":"available","fault":null}');
INSERT INTO "journal" VALUES(15,1,1,1795604593770,4219976,0,'charger_connected','status','bay-8','{"at":"2026-11-25T11:03:13.770Z","charger":"bay-8"}');
INSERT INTO "journal" VALUES(16,1,1,1795604594169,4220374,0,'status_changed','status','bay-7','{"at":"2026-11-25T11:03:14.169Z","charger":"bay-7","before":null,"after":"available","fault":null}');
INSERT INTO "journal" VALUES(17,1,1,1795604594172,4220377,0,'charger_connected','status','bay-7','{"at":"2026-11-25T11:03:14.171Z","charger":"bay-7"}');
INSERT INTO "journal" VALUES(18,1,1,1795604596811,4223017,0,'status_changed','status','bay-5','{"at":"2026-11-25T11:03:16.810Z","charger":"bay-5","before":null,"after":"available","fault":null}');
INSERT INTO "journal" VALUES(19,1,1,1795604596813,4223018,0,'charger_connected','status','bay-5','{"at":"2026-11-25T11:03:16.813Z","charger":"bay-5"}');
INSERT INTO "journal" VALUES(20,1,1,1795604597101,4223306,0,'status_changed','status','bay-1','{"at":"2026-11-25T11:03:17.100Z","charger":"bay-1","before":null,"after":"available","fault":null}');
INSERT INTO "journal" VALUES(21,1,1,1795604597104,4223309,0,'status_changed','status','bay-2','{"at":"2026-11-25T11:03:17.102Z","charger":"bay-2","before":null,"after":"available","fault":null}');
INSERT INTO "journal" VALUES(22,1,1,1795604597106,4223311,0,'charger_connected','status','bay-1','{"at":"2026-11-25T11:03:17.106Z","charger":"bay-1"}');
INSERT INTO "journal" VALUES(23,1,1,1795604597106,4223311,0,'charger_connected','status','bay-2','{"at":"2026-11-25T11:03:17.106Z","charger":"bay-2"}');
INSERT INTO "journal" VALUES(24,1,1,1795604597781,4223987,0,'status_changed','status','bay-3','{"at":"2026-11-25T11:03:17.781Z","charger":"bay-3","before":null,"after":"available","fault":null}');
INSERT INTO "journal" VALUES(25,1,1,1795604597787,4223992,0,'status_changed','status','bay-4','{"at":"2026-11-25T11:03:17.783Z","charger":"bay-4","before":null,"after":"available","fault":null}');
INSERT INTO "journal" VALUES(26,1,1,1795604597792,4223997,0,'charger_connected','status','bay-3','{"at":"2026-11-25T11:03:17.791Z","charger":"bay-3"}');
INSERT INTO "journal" VALUES(27,1,1,1795604597792,4223997,0,'charger_connected','status','bay-4','{"at":"2026-11-25T11:03:17.791Z","charger":"bay-4"}');
INSERT INTO "journal" VALUES(28,1,1,1795604598130,4224335,0,'status_changed','status','bay-1','{"at":"2026-11-25T11:03:18.098Z","charger":"bay-1","before":"available","after":"preparing","fault":null}');
INSERT INTO "journal" VALUES(29,1,1,1795604598141,4224346,0,'status_changed','status','bay-7','{"at":"2026-11-25T11:03:18.140Z","charger":"bay-7","before":"available","after":"suspended_evse","fault":null}');
INSERT INTO "journal" VALUES(30,1,1,1795604598141,4224346,0,'status_changed','status','bay-8','{"at":"2026-11-25T11:03:18.141Z","charger":"bay-8","before":"available","after":"suspended_evse","fault":null}');
INSERT INTO "journal" VALUES(31,1,1,1795604598206,4224412,0,'status_changed','status','bay-2','{"at":"2026-11-25T11:03:18.205Z","charger":"bay-2","before":"available","after":"preparing","fault":null}');
INSERT INTO "journal" VALUES(32,1,1,1795604598206,4224412,0,'status_changed','status','bay-3','{"at":"2026-11-25T11:03:18.206Z","charger":"bay-3","before":"available","after":"preparing","fault":null}');
INSERT INTO "journal" VALUES(33,1,1,1795604598206,4224412,0,'status_changed','status','bay-5','{"at":"2026-11-25T11:03:18.206Z","charger":"bay-5","before":"available","after":"preparing","fault":null}');
INSERT INTO "journal" VALUES(34,1,1,1795604598206,4224412,0,'status_changed','status','bay-6','{"at":"2026-11-25T11:03:18.206Z","charger":"bay-6","before":"available","after":"preparing","fault":null}');
INSERT INTO "journal" VALUES(35,1,1,1795604598209,4224415,0,'session_started','kept','bay-7','{"at":"2026-11-25T11:03:18.140Z","charger":"bay-7","session":"01a2125fcd7ccff95cbccae0787e6cb2","transaction":217767792,"token":null,"started_at":"2026-11-25T11:03:18.140Z","start_wh":0.0}');
INSERT INTO "journal" VALUES(36,1,1,1795604598216,4224421,0,'session_started','kept','bay-8','{"at":"2026-11-25T11:03:18.141Z","charger":"bay-8","session":"01a2125fcd7ddbf4de9c9da59bed395a","transaction":217767793,"token":null,"started_at":"2026-11-25T11:03:18.141Z","start_wh":0.0}');
INSERT INTO "journal" VALUES(37,1,1,1795604598216,4224422,0,'status_changed','status','bay-4','{"at":"2026-11-25T11:03:18.215Z","charger":"bay-4","before":"available","after":"preparing","fault":null}');
INSERT INTO "journal" VALUES(38,1,2,1795604600608,4226813,0,'hub_started','kept',NULL,'{"at":"2026-11-25T11:03:20.607Z","version":"0.1.0","boot_id":"26bdccdce24245a3805cbfe66ae6a209","clean":false}');
INSERT INTO "journal" VALUES(39,1,2,1795604600655,4226860,0,'status_changed','status','bay-6','{"at":"2026-11-25T11:03:20.654Z","charger":"bay-6","before":null,"after":"preparing","fault":null}');
INSERT INTO "journal" VALUES(40,1,2,1795604600656,4226861,0,'charger_connected','status','bay-6','{"at":"2026-11-25T11:03:20.656Z","charger":"bay-6"}');
INSERT INTO "journal" VALUES(41,1,2,1795604600661,4226866,0,'session_started','kept','bay-6','{"at":"2026-11-25T11:03:20.654Z","charger":"bay-6","session":"01a2125fd74ebbb5c8390829052a917d","transaction":217767794,"token":"CARD-bay-6","started_at":"2026-11-25T11:03:20.654Z","start_wh":0.0}');
INSERT INTO "journal" VALUES(42,1,2,1795604600856,4227061,0,'status_changed','status','bay-6','{"at":"2026-11-25T11:03:20.854Z","charger":"bay-6","before":"preparing","after":"suspended_evse","fault":null}');
INSERT INTO "journal" VALUES(43,1,2,1795604601591,4227796,0,'meter_connected','status','main','{"at":"2026-11-25T11:03:21.589Z","meter":"main"}');
INSERT INTO "journal" VALUES(44,1,2,1795604602370,4228576,0,'status_changed','status','bay-5','{"at":"2026-11-25T11:03:22.369Z","charger":"bay-5","before":null,"after":"preparing","fault":null}');
INSERT INTO "journal" VALUES(45,1,2,1795604602375,4228580,0,'charger_connected','status','bay-5','{"at":"2026-11-25T11:03:22.375Z","charger":"bay-5"}');
INSERT INTO "journal" VALUES(46,1,2,1795604602377,4228583,0,'session_started','kept','bay-5','{"at":"2026-11-25T11:03:22.369Z","charger":"bay-5","session":"01a2125fde017220fb022641d63248b5","transaction":217767795,"token":"CARD-bay-5","started_at":"2026-11-25T11:03:22.369Z","start_wh":0.0}');
INSERT INTO "journal" VALUES(47,1,2,1795604602528,4228733,0,'status_changed','status','bay-8','{"at":"2026-11-25T11:03:22.527Z","charger":"bay-8","before":null,"after":"suspended_evse","fault":null}');
INSERT INTO "journal" VALUES(48,1,2,1795604602530,4228736,0,'charger_connected','status','bay-8','{"at":"2026-11-25T11:03:22.529Z","charger":"bay-8"}');
INSERT INTO "journal" VALUES(49,1,2,1795604602544,4228750,0,'status_changed','status','bay-7','{"at":"2026-11-25T11:03:22.544Z","charger":"bay-7","before":null,"after":"suspended_evse","fault":null}');
INSERT INTO "journal" VALUES(50,1,2,1795604602546,4228751,0,'charger_connected','status','bay-7','{"at":"2026-11-25T11:03:22.545Z","charger":"bay-7"}');
INSERT INTO "journal" VALUES(51,1,2,1795604602570,4228775,0,'status_changed','status','bay-5','{"at":"2026-11-25T11:03:22.569Z","charger":"bay-5","before":"preparing","after":"suspended_evse","fault":null}');
INSERT INTO "journal" VALUES(52,1,2,1795604603056,4229261,0,'status_changed','status','bay-1','{"at":"2026-11-25T11:03:23.055Z","charger":"bay-1","before":null,"after":"preparing","fault":null}');
INSERT INTO "journal" VALUES(53,1,2,1795604603057,4229263,0,'status_changed','status','bay-2','{"at":"2026-11-25T11:03:23.057Z","charger":"bay-2","before":null,"after":"preparing","fault":null}');
INSERT INTO "journal" VALUES(54,1,2,1795604603060,4229265,0,'charger_connected','status','bay-1','{"at":"2026-11-25T11:03:23.059Z","charger":"bay-1"}');
INSERT INTO "journal" VALUES(55,1,2,1795604603060,4229265,0,'charger_connected','status','bay-2','{"at":"2026-11-25T11:03:23.059Z","charger":"bay-2"}');
INSERT INTO "journal" VALUES(56,1,2,1795604603061,4229266,0,'session_started','kept','bay-1','{"at":"2026-11-25T11:03:23.055Z","charger":"bay-1","session":"01a2125fe0af8a286768a8c8edaa79f1","transaction":217767796,"token":"CARD-bay-1","started_at":"2026-11-25T11:03:23.055Z","start_wh":0.0}');
INSERT INTO "journal" VALUES(57,1,2,1795604603065,4229270,0,'session_started','kept','bay-2','{"at":"2026-11-25T11:03:23.056Z","charger":"bay-2","session":"01a2125fe0b0fbd51834908f952b912c","transaction":217767797,"token":"CARD-bay-2","started_at":"2026-11-25T11:03:23.056Z","start_wh":0.0}');
INSERT INTO "journal" VALUES(58,1,2,1795604603257,4229462,0,'status_changed','status','bay-1','{"at":"2026-11-25T11:03:23.255Z","charger":"bay-1","before":"preparing","after":"suspended_evse","fault":null}');
INSERT INTO "journal" VALUES(59,1,2,1795604603257,4229462,0,'status_changed','status','bay-2','{"at":"2026-11-25T11:03:23.256Z","charger":"bay-2","before":"preparing","after":"suspended_evse","fault":null}');
INSERT INTO "journal" VALUES(60,1,2,1795604603285,4229490,0,'status_changed','status','bay-3','{"at":"2026-11-25T11:03:23.284Z","charger":"bay-3","before":null,"after":"preparing","fault":null}');
CREATE TABLE journal_head (
	id INTEGER NOT NULL, 
	no BIGINT NOT NULL, 
	commits BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "journal_head" VALUES(1,60,1610);
CREATE TABLE kept (
	name VARCHAR(100) NOT NULL, 
	document TEXT NOT NULL, 
	saved_at BIGINT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "kept" VALUES('devices','{"chargers": {"bay-1": "KT-CP01-a3160e", "bay-2": "KT-CP01-a3160e", "bay-3": "KT-CP02-a3160e", "bay-4": "KT-CP02-a3160e", "bay-5": "KT-CP03-a3160e", "bay-6": "KT-CP04-a3160e", "bay-7": "02115925D4C1", "bay-8": "02586BA69C94"}, "meters": {"main": "02CD52628B11"}, "retired": []}',1795604592559);
CREATE TABLE operator_commands (
	operator VARCHAR(40) NOT NULL, 
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(100) NOT NULL, 
	taken_at BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	reply TEXT, 
	PRIMARY KEY (operator, id)
);
CREATE TABLE recorded (
	id INTEGER NOT NULL, 
	kind VARCHAR(10) NOT NULL, 
	name VARCHAR(100) NOT NULL, 
	device VARCHAR(150) NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "recorded" VALUES(1,'charger','bay-1','kt-cp01-a3160e/1');
INSERT INTO "recorded" VALUES(2,'charger','bay-2','kt-cp01-a3160e/2');
INSERT INTO "recorded" VALUES(3,'charger','bay-3','kt-cp02-a3160e/1');
INSERT INTO "recorded" VALUES(4,'charger','bay-4','kt-cp02-a3160e/2');
INSERT INTO "recorded" VALUES(5,'charger','bay-5','kt-cp03-a3160e/1');
INSERT INTO "recorded" VALUES(6,'charger','bay-6','kt-cp04-a3160e/1');
INSERT INTO "recorded" VALUES(7,'charger','bay-7','02115925d4c1/1');
INSERT INTO "recorded" VALUES(8,'charger','bay-8','02586ba69c94/1');
INSERT INTO "recorded" VALUES(9,'meter','main','02cd52628b11');
INSERT INTO "recorded" VALUES(10,'circuit','garage','');
INSERT INTO "recorded" VALUES(11,'circuit','grid','');
CREATE TABLE recorder_marks (
	name VARCHAR(20) NOT NULL, 
	at INTEGER NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "recorder_marks" VALUES('alive',1795605104);
INSERT INTO "recorder_marks" VALUES('done',1795605000);
CREATE TABLE recorder_texts (
	id INTEGER NOT NULL, 
	text TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "recorder_texts" VALUES(37401540492954,'waiting to hear from meter main');
INSERT INTO "recorder_texts" VALUES(38298334322497,'14 A because grid connection L1 is full (100 A)');
INSERT INTO "recorder_texts" VALUES(48119868103317,'15.7 A because garage circuit L1 is full (63 A)');
INSERT INTO "recorder_texts" VALUES(49130286414154,'14 A because grid connection L2 is full (100 A)');
INSERT INTO "recorder_texts" VALUES(49172370269214,'waiting to hear from 7 chargers');
INSERT INTO "recorder_texts" VALUES(78851784170813,'waiting to hear from 2 chargers');
INSERT INTO "recorder_texts" VALUES(86399666210349,'waiting to hear from 4 chargers');
INSERT INTO "recorder_texts" VALUES(116395453269821,'waiting to hear from bay-6');
INSERT INTO "recorder_texts" VALUES(133697565341138,'waiting to hear from 3 chargers');
INSERT INTO "recorder_texts" VALUES(136060168309497,'own maximum 16 A');
INSERT INTO "recorder_texts" VALUES(208549591068918,'waiting to hear from 5 chargers');
INSERT INTO "recorder_texts" VALUES(221102785930636,'13.4 A because grid connection L2 is full (100 A)');
CREATE TABLE samples (
	at INTEGER NOT NULL, 
	subject INTEGER NOT NULL, 
	power_w INTEGER, 
	l1_ca INTEGER, 
	l2_ca INTEGER, 
	l3_ca INTEGER, 
	energy_wh BIGINT, 
	export_wh BIGINT, 
	offered_da INTEGER, 
	PRIMARY KEY (at, subject)
)
 WITHOUT ROWID

;
INSERT INTO "samples" VALUES(1795604593,9,2758,400,399,400,3000000,0,NULL);
INSERT INTO "samples" VALUES(1795604593,11,2758,400,399,400,NULL,NULL,NULL);
INSERT INTO "samples" VALUES(1795604594,7,0,0,0,0,0,NULL,0);
INSERT INTO "samples" VALUES(1795604594,8,0,0,0,0,0,NULL,160);
INSERT INTO "samples" VALUES(1795604594,9,2757,400,399,400,3000000,0,NULL);
INSERT INTO "samples" VALUES(1795604595,8,0,0,0,0,0,NULL,0);
INSERT INTO "samples" VALUES(1795604595,9,2760,400,400,400,3000000,0,NULL);
INSERT INTO "samples" VALUES(1795604596,9,2759,400,400,400,3000000,0,NULL);
INSERT INTO "samples" VALUES(1795604598,7,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "samples" VALUES(1795604598,8,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "samples" VALUES(1795604598,9,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "samples" VALUES(1795604598,11,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE sessions (
	id VARCHAR(36) NOT NULL, 
	charger VARCHAR(100) NOT NULL, 
	station VARCHAR(100) NOT NULL, 
	token TEXT, 
	plugged_at BIGINT, 
	started_at BIGINT NOT NULL, 
	start_wh FLOAT, 
	"transaction" BIGINT, 
	stopped_at BIGINT, 
	ended_at BIGINT, 
	energy_wh FLOAT, 
	reason TEXT, 
	flags VARCHAR(200) NOT NULL, 
	counted TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "sessions" VALUES('01a2125fcd7ccff95cbccae0787e6cb2','bay-7','02115925D4C1',NULL,1795604598140,1795604598140,0.0,217767792,1795604646543,1795604646543,0.0,'EVDisconnected','unplugged_unseen','{"energy_wh":0.0,"last":{"wh":0.0,"at_ms":1795604646543},"doubt":null,"flags":["unplugged_unseen"],"own":false}');
INSERT INTO "sessions" VALUES('01a2125fcd7ddbf4de9c9da59bed395a','bay-8','02586BA69C94',NULL,1795604598141,1795604598141,0.0,217767793,1795604646748,1795604646748,0.0,'EVDisconnected','unplugged_unseen','{"energy_wh":0.0,"last":{"wh":0.0,"at_ms":1795604646748},"doubt":null,"flags":["unplugged_unseen"],"own":false}');
INSERT INTO "sessions" VALUES('01a2125fd74ebbb5c8390829052a917d','bay-6','KT-CP04-a3160e','CARD-bay-6',1795604600654,1795604600654,0.0,217767794,1795604636147,1795604636147,0.0,'EVDisconnected','','{"energy_wh":0.0,"last":{"wh":0.0,"at_ms":1795604636147},"doubt":null,"flags":[],"own":false}');
INSERT INTO "sessions" VALUES('01a2125fde017220fb022641d63248b5','bay-5','KT-CP03-a3160e','CARD-bay-5',1795604602369,1795604602369,0.0,217767795,1795604611637,1795604611637,0.0,'EVDisconnected','','{"energy_wh":0.0,"last":{"wh":0.0,"at_ms":1795604611637},"doubt":null,"flags":[],"own":false}');
INSERT INTO "sessions" VALUES('01a2125fe0af8a286768a8c8edaa79f1','bay-1','KT-CP01-a3160e','CARD-bay-1',1795604603055,1795604603055,0.0,217767796,1795604611536,1795604611536,0.0,'EVDisconnected','','{"energy_wh":0.0,"last":{"wh":0.0,"at_ms":1795604611536},"doubt":null,"flags":[],"own":false}');
INSERT INTO "sessions" VALUES('01a2125fe0b0fbd51834908f952b912c','bay-2','KT-CP01-a3160e','CARD-bay-2',1795604603056,1795604603056,0.0,217767797,1795604639315,1795604639327,0.0,'EVDisconnected','','{"energy_wh":0.0,"last":{"wh":0.0,"at_ms":1795604639315},"doubt":null,"flags":[],"own":false}');
INSERT INTO "sessions" VALUES('01a2125fe194e6f50d09bec137321049','bay-3','KT-CP02-a3160e','CARD-bay-3',1795604603284,1795604603284,0.0,217767798,1795604631535,1795604631535,0.0,'EVDisconnected','','{"energy_wh":0.0,"last":{"wh":0.0,"at_ms":1795604631535},"doubt":null,"flags":[],"own":false}');
INSERT INTO "sessions" VALUES('01a2125fe19651405aaf79d76860465a','bay-4','KT-CP02-a3160e','CARD-bay-4',1795604603286,1795604603286,0.0,217767799,1795604638500,1795604638500,0.0,'EVDisconnected','','{"energy_wh":0.0,"last":{"wh":0.0,"at_ms":1795604638500},"doubt":null,"flags":[],"own":false}');
INSERT INTO "sessions" VALUES('01a2126025cf460f787c677c407785fb','bay-1','KT-CP01-a3160e','CARD-bay-1',1795604619747,1795604620751,0.0,217767800,1795604642043,1795604642055,0.0,'EVDisconnected','','{"energy_wh":0.0,"last":{"wh":0.0,"at_ms":1795604642043},"doubt":null,"flags":[],"own":false}');
INSERT INTO "sessions" VALUES('01a212602bc7f3ccb5cb2db0772a016b','bay-5','KT-CP03-a3160e','CARD-bay-5',1795604620255,1795604622279,0.0,217767801,1795604642865,1795604642865,0.0,'EVDisconnected','','{"energy_wh":0.0,"last":{"wh":0.0,"at_ms":1795604642865},"doubt":null,"flags":[],"own":false}');
INSERT INTO "sessions" VALUES('01a212607344f9bf83c0b323bfc49c32','bay-3','KT-CP02-a3160e','CARD-bay-3',1795604638796,1795604640580,0.0,217767802,1795604690672,1795604690672,9.0,'EVDisconnected','','{"energy_wh":9.0,"last":{"wh":9.0,"at_ms":1795604690672},"doubt":null,"flags":[],"own":false}');
INSERT INTO "sessions" VALUES('01a2126080735244653cd39ac620a043','bay-6','KT-CP04-a3160e','CARD-bay-6',NULL,1795604643955,0.0,217767803,1795604701604,1795604701604,20.0,'EVDisconnected','','{"energy_wh":20.0,"last":{"wh":20.0,"at_ms":1795604701604},"doubt":null,"flags":[],"own":false}');
CREATE TABLE transaction_numbers (
	id INTEGER NOT NULL, 
	next BIGINT NOT NULL, 
	epoch VARCHAR(32) NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "transaction_numbers" VALUES(1,217767896,'21748ffc6445495e8de525f9e80f9091');
CREATE TABLE transactions (
	number INTEGER NOT NULL, 
	session VARCHAR(36) NOT NULL, 
	charger VARCHAR(100) NOT NULL, 
	station VARCHAR(100) NOT NULL, 
	said VARCHAR(64), 
	token TEXT, 
	begun_at BIGINT, 
	start_wh FLOAT, 
	signed_start BLOB, 
	stopped_at BIGINT, 
	stop_wh FLOAT, 
	signed_stop BLOB, 
	reason TEXT, 
	PRIMARY KEY (number)
);
INSERT INTO "transactions" VALUES(217767792,'01a2125fcd7ccff95cbccae0787e6cb2','bay-7','02115925D4C1','90833bcb6f5faabe2eac213dad8532c4',NULL,1795604598140,0.0,NULL,1795604646543,0.0,NULL,'EVDisconnected');
INSERT INTO "transactions" VALUES(217767793,'01a2125fcd7ddbf4de9c9da59bed395a','bay-8','02586BA69C94','4182d910ca7e4cf6512a3e0b1e40ec61',NULL,1795604598141,0.0,NULL,1795604646748,0.0,NULL,'EVDisconnected');
INSERT INTO "transactions" VALUES(217767794,'01a2125fd74ebbb5c8390829052a917d','bay-6','KT-CP04-a3160e','4b52b8005b9228fd3239aa54a52eb3ed','CARD-bay-6',1795604600654,0.0,NULL,1795604636147,0.0,NULL,'EVDisconnected');
INSERT INTO "transactions" VALUES(217767795,'01a2125fde017220fb022641d63248b5','bay-5','KT-CP03-a3160e','715c1340690c80d4f0eb01db5ec7979c','CARD-bay-5',1795604602369,0.0,NULL,1795604611637,0.0,NULL,'EVDisconnected');
INSERT INTO "transactions" VALUES(217767796,'01a2125fe0af8a286768a8c8edaa79f1','bay-1','KT-CP01-a3160e','4d83de5e7f1312db0033b85b371317f7','CARD-bay-1',1795604603055,0.0,NULL,1795604611536,0.0,NULL,'EVDisconnected');
INSERT INTO "transactions" VALUES(217767797,'01a2125fe0b0fbd51834908f952b912c','bay-2','KT-CP01-a3160e','3f806f0f67a199cf8e5a6f3f9ca1ea19','CARD-bay-2',1795604603056,0.0,NULL,1795604639315,0.0,NULL,'EVDisconnected');
INSERT INTO "transactions" VALUES(217767798,'01a2125fe194e6f50d09bec137321049','bay-3','KT-CP02-a3160e','9c89d9c42f921d5a0bf9046c38769e5e','CARD-bay-3',1795604603284,0.0,NULL,1795604631535,0.0,NULL,'EVDisconnected');
INSERT INTO "transactions" VALUES(217767799,'01a2125fe19651405aaf79d76860465a','bay-4','KT-CP02-a3160e','8d4aba8b194b2155043eac85dbd93ec1','CARD-bay-4',1795604603286,0.0,NULL,1795604638500,0.0,NULL,'EVDisconnected');
INSERT INTO "transactions" VALUES(217767800,'01a2126025cf460f787c677c407785fb','bay-1','KT-CP01-a3160e','057fd6415b60122c5b73d4daa9c052f8','CARD-bay-1',1795604620751,0.0,NULL,1795604642043,0.0,NULL,'EVDisconnected');
INSERT INTO "transactions" VALUES(217767801,'01a212602bc7f3ccb5cb2db0772a016b','bay-5','KT-CP03-a3160e','05e62c5f6d051061af1d638ee68bfafa','CARD-bay-5',1795604622279,0.0,NULL,1795604642865,0.0,NULL,'EVDisconnected');
INSERT INTO "transactions" VALUES(217767802,'01a212607344f9bf83c0b323bfc49c32','bay-3','KT-CP02-a3160e','e0a0cfc1b56a9d56fe94fdda96c28a5f','CARD-bay-3',1795604640580,0.0,NULL,1795604690672,9.0,NULL,'EVDisconnected');
INSERT INTO "transactions" VALUES(217767803,'01a2126080735244653cd39ac620a043','bay-6','KT-CP04-a3160e','04a20652ef0abc625f601ac383d30b04','CARD-bay-6',1795604643955,0.0,NULL,1795604701604,20.0,NULL,'EVDisconnected');
CREATE INDEX sessions_by_charger ON sessions (charger, started_at);
CREATE INDEX sessions_by_start ON sessions (started_at);
CREATE INDEX sessions_by_end ON sessions (ended_at);
CREATE UNIQUE INDEX transactions_said ON transactions (said);
CREATE INDEX transactions_of_session ON transactions (session);
COMMIT;
