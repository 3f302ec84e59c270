/* Stands for the built chunks, which hold other people's code: the same states, and what the app's page reads of them. */
const initialState = {"reflex___state____state": {"is_hydrated_rx_state_": false, "router_rx_state_": {"session": {"client_token": "", "client_ip": "", "session_id": ""}, "headers": {"host": "", "origin": "", "upgrade": "", "connection": "", "cookie": "", "pragma": "", "cache_control": "", "user_agent": "", "sec_websocket_version": "", "sec_websocket_key": "", "sec_websocket_extensions": "", "accept_encoding": "", "accept_language": "", "raw_headers": {}}, "page": {"host": "", "path": "", "raw_path": "", "full_path": "", "full_raw_path": "", "params": {}}, "url": "", "route_id": ""}}, "reflex___state____state.reflex___state____frontend_event_exception_state": {}, "reflex___state____state.reflex___state____on_load_internal_state": {}, "reflex___state____state.reflex___state____update_vars_internal_state": {}, "reflex___state____state.trailing_stop_web___trailing_stop_web____app_state": {"position_rows_rx_state_": [], "positions_rx_state_": [], "ratio_rx_state_": 0.0, "refresh_tick_rx_state_": 0, "status_message_rx_state_": "idle"}, "reflex___state____state.trailing_stop_web___trailing_stop_web____app_state.trailing_stop_web___trailing_stop_web____account_state": {"account_rx_state_": "DU123"}};
const reflexEnvironment = {version: `0.8.28.post1`};
function Rows() {
	const e = useContext(StateContexts.reflex___state____state__trailing_stop_web___trailing_stop_web____app_state);
	return e.position_rows_rx_state_;
}
function Page() {
	const t = useContext(StateContexts.reflex___state____state__trailing_stop_web___trailing_stop_web____app_state);
	const a = useContext(StateContexts.reflex___state____state__trailing_stop_web___trailing_stop_web____app_state__trailing_stop_web___trailing_stop_web____account_state);
	return [t.positions_rx_state_, t.refresh_tick_rx_state_, t.status_message_rx_state_, a.account_rx_state_];
}
