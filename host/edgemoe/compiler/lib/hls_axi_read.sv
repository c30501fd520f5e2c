// SPDX-License-Identifier: Apache-2.0
// AXI4 read master behind a stream of requests and a stream of data. A burst is requested only when the data FIFO
// has room for all of it, so the top ties RREADY high and a slow reader never blocks the bus. Error responses are
// latched in `error`; their data is passed on, so that nothing hangs.
module hls_axi_read #(
    parameter int W = 128,
    parameter int OFFSET = 32,
    parameter int MAX_BEATS = 16,
    parameter int OUTSTANDING = 16  // bursts that may be under way; the FIFO holds them all
) (
    input  logic                 clk,
    input  logic                 rst,
    input  logic                 clear,     // a new run: forgets the error
    input  logic [63:0]          base,
    input  logic [32+OFFSET-1:0] ar_din,
    input  logic                 ar_write,
    output logic                 ar_full_n,
    output logic [W-1:0]         r_dout,
    output logic                 r_empty_n,
    input  logic                 r_read,
    output logic                 error,
    output logic                 idle,
    output logic [63:0]          m_araddr,
    output logic [7:0]           m_arlen,
    output logic                 m_arvalid,
    input  logic                 m_arready,
    input  logic [W-1:0]         m_rdata,
    input  logic [1:0]           m_rresp,
    input  logic                 m_rvalid
);
  localparam int D = MAX_BEATS * OUTSTANDING;
  localparam int C = $clog2(D + 1);

  logic [C-1:0] free;     // FIFO slots neither filled nor promised to a burst
  logic [C-1:0] under_way;  // beats requested and not yet here
  logic [8:0] beats;
  logic offered, accepted, full_n, split_idle, last, nothing;
  logic pop;

  // A burst waits in the splitter until there is room for a longest one behind it.
  hls_axi_split #(.W(W), .OFFSET(OFFSET), .MAX_BEATS(MAX_BEATS)) split (
      .clk(clk), .rst(rst), .base(base), .request(ar_din), .request_valid(ar_write), .request_ready(ar_full_n),
      .nothing(nothing), .hold(free < C'(2 * MAX_BEATS)), .valid(offered), .ready(m_arready), .address(m_araddr),
      .beats(beats), .last(last), .idle(split_idle)
  );
  assign m_arvalid = offered;
  assign m_arlen = 8'(beats - 9'd1);
  assign accepted = offered & m_arready;

  hls_fifo #(.W(W), .D(D)) data (
      .clk(clk), .rst(rst), .din(m_rdata), .write(m_rvalid), .full_n(full_n), .dout(r_dout), .empty_n(r_empty_n),
      .read(r_read)
  );
  assign pop = r_empty_n & r_read;
  assign idle = split_idle & under_way == '0;

  always_ff @(posedge clk) begin
    if (rst) begin
      free <= C'(D);
      under_way <= '0;
      error <= 1'b0;
    end else begin
      free <= free - (accepted ? C'(beats) : '0) + C'(pop);
      under_way <= under_way + (accepted ? C'(beats) : '0) - C'(m_rvalid);
      if (clear) error <= 1'b0;
      else if (m_rvalid & m_rresp[1]) error <= 1'b1;
    end
`ifndef SYNTHESIS
    if (!rst && m_rvalid && !full_n) $fatal(1, "%m: read data without a free slot");
`endif
  end

  logic unused;
  assign unused = &{1'b0, last, nothing, m_rresp[0]};
endmodule
