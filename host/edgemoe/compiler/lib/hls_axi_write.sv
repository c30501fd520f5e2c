// SPDX-License-Identifier: Apache-2.0
// AXI4 write master behind a stream of requests, a stream of data and a stream of responses (one token for each
// request, when all its bursts were answered). Data does not wait for the address channel. Error responses are
// latched in `error` and count as answers, so that nothing hangs. The top ties BREADY and WSTRB high.
module hls_axi_write #(
    parameter int W = 128,
    parameter int OFFSET = 32,
    parameter int MAX_BEATS = 16,
    parameter int OUTSTANDING = 16  // bursts that may await data or response
) (
    input  logic                 clk,
    input  logic                 rst,
    input  logic                 clear,     // a new run: forgets the error and unread responses
    input  logic [63:0]          base,
    input  logic [32+OFFSET-1:0] aw_din,
    input  logic                 aw_write,
    output logic                 aw_full_n,
    input  logic [W-1:0]         w_din,
    input  logic                 w_write,
    output logic                 w_full_n,
    output logic [0:0]           b_dout,
    output logic                 b_empty_n,
    input  logic                 b_read,
    output logic                 error,
    output logic                 idle,
    output logic [63:0]          m_awaddr,
    output logic [7:0]           m_awlen,
    output logic                 m_awvalid,
    input  logic                 m_awready,
    output logic [W-1:0]         m_wdata,
    output logic                 m_wlast,
    output logic                 m_wvalid,
    input  logic                 m_wready,
    input  logic [1:0]           m_bresp,
    input  logic                 m_bvalid
);
  localparam int DATA = 2 * MAX_BEATS;  // words of the data FIFO

  logic [8:0] beats, left;
  logic [15:0] responses;  // finished requests whose response was not yet read
  logic offered, last, nothing, split_idle;
  logic length_full_n, length_valid, answer_full_n, answer_valid, answer_last, data_valid;
  logic [8:0] length;
  logic fresh, hold, next_burst, beat, writing;

  // `fresh` is high in the first cycle of each offered burst: the moment it enters the two queues below.
  hls_axi_split #(.W(W), .OFFSET(OFFSET), .MAX_BEATS(MAX_BEATS)) split (
      .clk(clk), .rst(rst), .base(base), .request(aw_din), .request_valid(aw_write), .request_ready(aw_full_n),
      .nothing(nothing), .hold(hold), .valid(offered), .ready(m_awready), .address(m_awaddr), .beats(beats),
      .last(last), .idle(split_idle)
  );
  assign m_awvalid = offered;
  assign m_awlen = 8'(beats - 9'd1);

  logic entered;  // the offered burst is in the queues
  assign fresh = offered & ~entered;
  assign hold = ~length_full_n | ~answer_full_n | fresh;

  // Lengths of the bursts whose data was not yet sent.
  hls_fifo #(.W(9), .D(OUTSTANDING)) lengths (
      .clk(clk), .rst(rst), .din(beats), .write(fresh), .full_n(length_full_n), .dout(length),
      .empty_n(length_valid), .read(next_burst)
  );
  // Bursts not yet answered: is it the last one of its request?
  hls_fifo #(.W(1), .D(OUTSTANDING)) answers (
      .clk(clk), .rst(rst), .din(last), .write(fresh), .full_n(answer_full_n), .dout(answer_last),
      .empty_n(answer_valid), .read(m_bvalid)
  );
  hls_fifo #(.W(W), .D(DATA)) data (
      .clk(clk), .rst(rst), .din(w_din), .write(w_write), .full_n(w_full_n), .dout(m_wdata), .empty_n(data_valid),
      .read(beat)
  );
  assign m_wvalid = writing & data_valid;
  assign m_wlast = left == 9'd1;
  assign beat = m_wvalid & m_wready;
  assign next_burst = length_valid & (~writing | (beat & m_wlast));
  assign b_dout = 1'b0;
  assign b_empty_n = responses != '0;
  assign idle = split_idle & ~writing & ~length_valid & ~answer_valid & ~data_valid;

  always_ff @(posedge clk) begin
    if (next_burst) left <= length;
    else if (beat) left <= left - 9'd1;
    if (rst) begin
      entered <= 1'b0;
      writing <= 1'b0;
      responses <= '0;
      error <= 1'b0;
    end else begin
      entered <= offered & ~m_awready;
      writing <= next_burst | (writing & ~(beat & m_wlast));
      if (clear) responses <= '0;
      else responses <= responses + 16'(m_bvalid & answer_last) + 16'(nothing) - 16'(b_read & b_empty_n);
      if (clear) error <= 1'b0;
      else if (m_bvalid & m_bresp[1]) error <= 1'b1;
    end
  end

  logic unused;
  assign unused = &{1'b0, m_bresp[0]};
endmodule
