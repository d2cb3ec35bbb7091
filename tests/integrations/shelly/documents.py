"""What a Pro 3EM with firmware 1.1.0 answers: GetDeviceInfo, EM.GetStatus, EMData.GetStatus, and the other profile."""

import json

INFO = json.loads("""{
  "name": "Main", "id": "shellypro3em-aabbccddeeff", "mac": "AABBCCDDEEFF", "slot": 0, "model": "SPEM-003CEBEU",
  "gen": 2, "fw_id": "20231219-134001/1.1.0-g34b5d4f", "ver": "1.1.0", "app": "Pro3EM", "auth_en": false,
  "auth_domain": null, "profile": "triphase"
}""")
EM = json.loads("""{
  "id": 0, "a_current": 2.392, "a_voltage": 229.0, "a_act_power": 375.5, "a_aprt_power": 547.4, "a_pf": 0.76,
  "a_freq": 50.0, "b_current": 1.037, "b_voltage": 229.0, "b_act_power": -170.8, "b_aprt_power": 237.2, "b_pf": -0.78,
  "b_freq": 50.0, "c_current": 0.428, "c_voltage": 229.2, "c_act_power": 12.7, "c_aprt_power": 97.8, "c_pf": 0.53,
  "c_freq": 50.0, "n_current": null, "total_current": 3.856, "total_act_power": 217.4, "total_aprt_power": 882.413,
  "user_calibrated_phase": []
}""")
EMDATA = json.loads("""{
  "id": 0, "a_total_act_energy": 2034616.71, "a_total_act_ret_energy": 0.0, "b_total_act_energy": 185686.89,
  "b_total_act_ret_energy": 40.7, "c_total_act_energy": 369469.8, "c_total_act_ret_energy": 985.91,
  "total_act": 2589773.39, "total_act_ret": 1026.61
}""")
MONOPHASE = json.loads("""{
  "em1:0": {"id": 0, "current": 0.08, "voltage": 234.9, "act_power": 0, "aprt_power": 18.7, "pf": 0, "freq": 50},
  "em1:1": {"id": 1, "current": 22.78, "voltage": 224.6, "act_power": 5080.3, "aprt_power": 5142.4, "pf": 0.99},
  "em1:2": {"id": 2, "current": 2.6, "voltage": 230.0, "act_power": -501.8, "aprt_power": 612.4, "pf": -0.84},
  "em1data:0": {"id": 0, "total_act_energy": 1.0, "total_act_ret_energy": 0.0},
  "em1data:1": {"id": 1, "total_act_energy": 6644.5, "total_act_ret_energy": 2595.25},
  "em1data:2": {"id": 2, "total_act_energy": 10.0, "total_act_ret_energy": 500.0}
}""")
